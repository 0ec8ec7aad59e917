import Type, { type Static } from 'typebox';
import { KithError } from '../../core/errors.ts';
import { MIN_IMAGE_BYTES } from '../../core/limits.ts';
import type { ImageFetcher } from '../../core/ports.ts';

export const ImageReference = Type.Object({
  url: Type.String({ description: 'Address of the photo; only hosts that the operator allowed are fetched.' }),
});

/** A photo's bytes, or where to get them. */
export const IMAGE_BODY = {
  content: {
    'application/json': { schema: ImageReference },
    'application/octet-stream': { schema: Type.Unsafe<Uint8Array>({ format: 'binary' }) },
  },
};

export type ImageBody = Uint8Array | Static<typeof ImageReference>;

/** The photo itself, within Azure's limits of size. */
export async function imageBytes(
  deps: { readonly images: ImageFetcher },
  body: ImageBody,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const image = body instanceof Uint8Array ? body : await deps.images.fetchImage(body.url, signal);
  if (image.length < MIN_IMAGE_BYTES) {
    throw new KithError({
      kind: 'image-unusable',
      fault: 'too-few-bytes',
      message: `A photo has at least ${MIN_IMAGE_BYTES} bytes here.`,
    });
  }
  return image;
}
