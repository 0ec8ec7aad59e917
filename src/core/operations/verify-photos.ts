import { packFor } from '../checks.ts';
import { chooseFace, type FaceTarget } from '../face-choice.ts';
import { MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { Box, Quality, Template } from '../types.ts';
import { type Verification, verifyTemplates } from './verify.ts';

export interface PhotoOfOne {
  readonly image: Uint8Array;
  readonly target: FaceTarget;
}

export interface ComparedFace {
  readonly box: Box;
  readonly quality: Quality;
}

export interface PhotoVerification extends Verification {
  readonly faces: readonly [ComparedFace, ComparedFace];
}

/** Do two photos show one person? Keeps nothing. */
export async function verifyPhotos(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  input: { readonly photos: readonly [PhotoOfOne, PhotoOfOne]; readonly recognitionModel: string },
): Promise<PhotoVerification> {
  const { recognitionModel, photos } = input;
  const { packId } = packFor(deps, recognitionModel);
  const [a, b] = await Promise.all([readFace(deps, packId, photos[0]), readFace(deps, packId, photos[1])]);
  const verification = verifyTemplates(deps, { a: a.template, b: b.template, recognitionModel });
  return {
    ...verification,
    faces: [
      { box: a.box, quality: a.quality },
      { box: b.box, quality: b.quality },
    ],
  };
}

async function readFace(
  deps: Pick<Deps, 'engine'>,
  packId: string,
  photo: PhotoOfOne,
): Promise<ComparedFace & { readonly template: Template }> {
  const analysed = await deps.engine.analyse(photo.image, {
    packId,
    maxFaces: MAX_FACES_PER_IMAGE,
    measure: true,
    embed: true,
  });
  const { box, quality, template } = chooseFace(analysed, photo.target);
  if (!template || !quality) throw new Error('the engine left out what it was asked for');
  return { box, quality, template };
}
