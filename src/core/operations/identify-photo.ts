import { packFor } from '../checks.ts';
import { MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Face, Gallery } from '../types.ts';
import { type Identification, type IdentifyOptions, identifyTemplates, type SearchDeps } from './identify.ts';

export interface IdentifyPhotoInput extends IdentifyOptions {
  readonly gallery: Gallery;
  readonly image: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface IdentifiedPhoto {
  /** Size after EXIF orientation. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Largest first; none is an empty list. */
  readonly faces: readonly (Identification & { readonly face: Omit<Face, 'template'> })[];
}

/** Finds every face of a photo and searches the gallery for each. Keeps nothing and needs no training. */
export async function identifyPhoto(deps: SearchDeps, input: IdentifyPhotoInput): Promise<IdentifiedPhoto> {
  const { gallery, image, signal } = input;
  const { packId } = packFor(deps, gallery.recognitionModel);
  const analysed = await deps.engine.analyse(
    image,
    { packId, maxFaces: MAX_FACES_PER_IMAGE, measure: true, embed: true },
    signal,
  );
  const faces: Omit<Face, 'template'>[] = [];
  const vectors: Float32Array[] = [];
  for (const { template, ...face } of analysed.faces) {
    if (!template) throw new Error('the engine left out what it was asked for');
    faces.push(face);
    vectors.push(template.vector);
  }
  const answers = await identifyTemplates(deps, gallery, {
    vectors,
    maxCandidates: input.maxCandidates,
    minConfidence: input.minConfidence,
    ...(signal ? { signal } : {}),
  });
  return {
    widthPx: analysed.widthPx,
    heightPx: analysed.heightPx,
    faces: answers.flatMap((answer, i) => {
      const face = faces[i];
      return face ? [{ ...answer, face }] : [];
    }),
  };
}
