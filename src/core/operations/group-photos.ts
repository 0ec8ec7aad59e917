import { packFor } from '../checks.ts';
import { clusterTemplates } from '../cluster.ts';
import { MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { Box, Quality } from '../types.ts';

/** A face of one of the photos. */
export interface PhotoFace {
  readonly file: string;
  readonly box: Box;
  readonly quality: Quality;
  readonly vector: Float32Array;
}

/** Every face of a photo that is good enough to be told from others; keeps nothing. */
export async function readPhotoFaces(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  photo: { readonly file: string; readonly image: Uint8Array; readonly recognitionModel: string },
): Promise<readonly PhotoFace[]> {
  const { packId } = packFor(deps, photo.recognitionModel);
  const options = { packId, maxFaces: MAX_FACES_PER_IMAGE, measure: true, embed: true };
  const { faces } = await deps.engine.analyse(photo.image, options);
  return faces.flatMap(({ box, quality, template }) =>
    template && quality && quality.level !== 'low' ? [{ file: photo.file, box, quality, vector: template.vector }] : [],
  );
}

/**
 * Faces that are likely one person each, the largest group first; two groups become one while their mean score is at the
 * pack's threshold for "the same person" or above.
 */
export async function groupPhotoFaces(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  faces: readonly PhotoFace[],
  recognitionModel: string,
): Promise<readonly (readonly PhotoFace[])[]> {
  const { calibration } = packFor(deps, recognitionModel);
  const clusters = await clusterTemplates(
    faces.map(({ vector }) => vector),
    calibration.midpointScore,
  );
  return clusters
    .map((cluster) => cluster.flatMap((index) => faces[index] ?? []))
    .sort((a, b) => b.length - a.length || ((a[0]?.file ?? '') < (b[0]?.file ?? '') ? -1 : 1));
}
