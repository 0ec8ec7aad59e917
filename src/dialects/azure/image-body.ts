import Type, { type Static } from 'typebox';
import { KithError } from '../../core/errors.ts';
import { MIN_IMAGE_BYTES } from '../../core/limits.ts';
import type { ImageFetcher } from '../../core/ports.ts';
import { AzureRefusal } from './refusal.ts';

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

const SessionImageReference = Type.Object({
  sessionImageId: Type.String({ description: 'A photo of a liveness session.' }),
});

/** For detection, which also reads the photos of liveness sessions. */
export const DETECT_BODY = {
  content: {
    ...IMAGE_BODY.content,
    'application/json': { schema: Type.Union([ImageReference, SessionImageReference]) },
  },
};

export type ImageBody = Uint8Array | Static<typeof ImageReference> | Static<typeof SessionImageReference>;

/** The photo itself, within Azure's limits of size. */
export async function imageBytes(
  deps: { readonly images: ImageFetcher },
  body: ImageBody,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const image = body instanceof Uint8Array ? body : await referredImage(deps, body, signal);
  return requireImageSize(image);
}

async function referredImage(
  deps: { readonly images: ImageFetcher },
  body: Exclude<ImageBody, Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if ('url' in body) return deps.images.fetchImage(body.url, signal);
  // Sessions take no captures yet, so none has a photo.
  throw new AzureRefusal(404, 'SessionImageNotFound', `Session image \`${body.sessionImageId}\` is not found.`);
}

export function requireImageSize(image: Uint8Array): Uint8Array {
  if (image.length < MIN_IMAGE_BYTES) {
    throw new KithError({
      kind: 'image-unusable',
      fault: 'too-few-bytes',
      message: `A photo has at least ${MIN_IMAGE_BYTES} bytes here.`,
    });
  }
  return image;
}
