import { checkFaceUserData, invalidArgument, packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { MAX_ENROLMENTS_PER_PERSON, MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { AnalysedImage, Box, Enrolment, Face, GalleryRef } from '../types.ts';

export interface EnrolFaceInput {
  readonly gallery: GalleryRef;
  readonly personId: string;
  readonly image: Uint8Array;
  /** Which face is meant; without it the image must show exactly one. */
  readonly target: Box | undefined;
  readonly userData: string | undefined;
  /** SHA-256 of the source file, hex, when an import wants to know it again. */
  readonly sourceHash: string | undefined;
}

/** A target box means a face when the two overlap at least this much (intersection over union). */
const MIN_TARGET_OVERLAP = 0.3;

/** Stores one more template of a person; once it resolves, every later search finds it. */
export async function enrolFace(
  deps: Pick<Deps, 'store' | 'vault' | 'engine' | 'follower' | 'clock' | 'newId' | 'recognitionModels'>,
  input: EnrolFaceInput,
): Promise<Enrolment> {
  checkFaceUserData(input.userData);
  const gallery = await deps.store.getGallery(input.gallery);
  const pack = packFor(deps, gallery.recognitionModel);
  // Asked before the costly part, so that an unknown person is told at once; the store asks again when it writes.
  const { wrappedKey } = await deps.store.getPersonKey(input.gallery, input.personId);

  const analysed = await deps.engine.analyse(input.image, {
    packId: pack.packId,
    maxFaces: MAX_FACES_PER_IMAGE,
    measure: true,
    embed: true,
  });
  const face = input.target ? faceAt(analysed, input.target) : onlyFace(analysed);
  if (!face.template || !face.quality) throw new Error('the engine left out what it was asked for');

  const enrolment = await deps.store.addEnrolment(
    input.gallery,
    input.personId,
    {
      enrolmentId: deps.newId(),
      ...(input.userData === undefined ? {} : { userData: input.userData }),
      ...(input.sourceHash === undefined ? {} : { sourceHash: input.sourceHash }),
      box: face.box,
      quality: face.quality,
      packId: pack.packId,
      sealedTemplate: deps.vault.sealTemplate(input.gallery.tenantId, wrappedKey, face.template.vector),
      createdMs: deps.clock.nowMs(),
    },
    MAX_ENROLMENTS_PER_PERSON,
  );
  await deps.follower.catchUp();
  return enrolment;
}

function onlyFace(image: AnalysedImage): Face {
  const [face, second] = image.faces;
  if (!face) throw unusable('no-face', 'No face was found in the photo.');
  if (second) {
    throw unusable('several-faces', `The photo shows ${image.faces.length} faces; say which one is meant, or crop it.`);
  }
  return face;
}

function faceAt(image: AnalysedImage, target: Box): Face {
  const inside =
    target.leftPx >= 0 &&
    target.topPx >= 0 &&
    target.leftPx + target.widthPx <= image.widthPx &&
    target.topPx + target.heightPx <= image.heightPx;
  if (!inside) throw invalidArgument('targetFace', 'out-of-range', 'The target lies outside the photo.');

  const overlapping = image.faces
    .map((face) => ({ face, overlap: intersectionOverUnion(face.box, target) }))
    .filter(({ overlap }) => overlap >= MIN_TARGET_OVERLAP)
    .sort((a, b) => b.overlap - a.overlap);
  const [best] = overlapping;
  if (!best) throw unusable('no-face', 'No face was found where the target says.');
  return best.face;
}

function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.leftPx + a.widthPx, b.leftPx + b.widthPx) - Math.max(a.leftPx, b.leftPx);
  const height = Math.min(a.topPx + a.heightPx, b.topPx + b.heightPx) - Math.max(a.topPx, b.topPx);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (a.widthPx * a.heightPx + b.widthPx * b.heightPx - intersection);
}

function unusable(fault: 'no-face' | 'several-faces', message: string): KithError {
  return new KithError({ kind: 'image-unusable', fault, message });
}
