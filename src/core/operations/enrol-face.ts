import { audited, auditedGallery } from '../audited.ts';
import { checkFaceUserData, packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { chooseFace, type FaceTarget } from '../face-choice.ts';
import { MAX_ENROLMENTS_PER_PERSON, MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { againIfRekeyed } from '../rekeyed.ts';
import type { Box, Enrolment, GalleryRef, Quality, QualityLevel, Template } from '../types.ts';

export interface EnrolFaceInput {
  readonly gallery: GalleryRef;
  readonly personId: string;
  readonly image: Uint8Array;
  readonly target: FaceTarget;
  readonly userData: string | undefined;
  /** SHA-256 of the source file, hex, when an import wants to know it again. */
  readonly sourceHash: string | undefined;
  /** Faces below it are refused; absent takes any. */
  readonly minQuality?: QualityLevel;
  readonly signal?: AbortSignal;
}

/** Stores one more template of a person; once it resolves, every later search finds it. */
export async function enrolFace(
  deps: Pick<Deps, 'store' | 'vault' | 'engine' | 'follower' | 'clock' | 'newId' | 'recognitionModels'> & Acting,
  input: EnrolFaceInput,
): Promise<Enrolment> {
  checkFaceUserData(input.userData);
  const gallery = await deps.store.getGallery(input.gallery);
  const { packId } = packFor(deps, gallery.recognitionModel);
  // Asked before the costly part, so that an unknown person is told at once; the store asks again when it writes.
  await deps.store.getPersonKey(input.gallery, input.personId);

  const face = await readFaceToEnrol(deps, { ...input, packId, keepPhoto: gallery.keepPhotos });
  const enrolment = await storeFace(deps, { ...input, face });
  await deps.follower.catchUp();
  return enrolment;
}

export interface FaceToEnrol {
  readonly box: Box;
  readonly quality: Quality;
  readonly template: Template;
  /** Only where it is to be kept. */
  readonly portrait?: Uint8Array;
}

/** The costly half of an enrolment: finds the face that is meant and reads it. Writes nothing. */
export async function readFaceToEnrol(
  deps: Pick<Deps, 'engine'>,
  photo: {
    readonly packId: string;
    readonly keepPhoto?: boolean;
    readonly image: Uint8Array;
    readonly target: FaceTarget;
    readonly minQuality?: QualityLevel;
    readonly signal?: AbortSignal;
  },
): Promise<FaceToEnrol> {
  const options = {
    packId: photo.packId,
    maxFaces: MAX_FACES_PER_IMAGE,
    measure: true,
    embed: true,
    portraits: photo.keepPhoto === true,
  };
  const analysed = await deps.engine.analyse(photo.image, options, photo.signal);
  const { box, quality, template, portrait } = chooseFace(analysed, photo.target);
  if (!template || !quality) throw new Error('the engine left out what it was asked for');
  if (photo.minQuality !== undefined) requireQuality(quality, photo.minQuality);
  return { box, quality, template, ...(portrait && { portrait }) };
}

/** The writing half; the caller waits for the follower before it acknowledges. */
export function storeFace(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'> & Acting,
  input: FaceToStore,
): Promise<Enrolment> {
  return againIfRekeyed(() => storeTurned(deps, input));
}

interface FaceToStore {
  readonly gallery: GalleryRef;
  readonly personId: string;
  readonly face: FaceToEnrol;
  readonly userData: string | undefined;
  readonly sourceHash: string | undefined;
}

async function storeTurned(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'> & Acting,
  input: FaceToStore,
): Promise<Enrolment> {
  const { gallery, personId, face, userData, sourceHash } = input;
  const { wrappedKey, transformKey } = await deps.store.getPersonKey(gallery, personId);
  const { tenantId } = gallery;
  const turned = deps.vault.turn(tenantId, transformKey, face.template.vector);
  const { packId } = face.template;
  const enrolmentId = deps.newId();
  const deed = { action: 'enrol', packId, personIds: [personId], enrolmentIds: [enrolmentId] } as const;
  return audited(deps, { ...deed, gallery: auditedGallery(gallery) }, () =>
    deps.store.addEnrolment(
      gallery,
      personId,
      {
        enrolmentId,
        ...(userData === undefined ? {} : { userData }),
        ...(sourceHash === undefined ? {} : { sourceHash }),
        box: face.box,
        quality: face.quality,
        packId,
        ...(transformKey ? { transformKey } : {}),
        sealedTemplate: deps.vault.sealTemplate(tenantId, wrappedKey, turned),
        ...(face.portrait && { sealedPhoto: deps.vault.sealPhoto(tenantId, wrappedKey, face.portrait) }),
        createdMs: deps.clock.nowMs(),
      },
      MAX_ENROLMENTS_PER_PERSON,
    ),
  );
}

const QUALITY_ORDER: Readonly<Record<QualityLevel, number>> = { low: 0, medium: 1, high: 2 };

function requireQuality(quality: Quality, wanted: QualityLevel): void {
  if (QUALITY_ORDER[quality.level] >= QUALITY_ORDER[wanted]) return;
  const why =
    quality.reasons.length > 0 ? `: ${quality.reasons.map((reason) => reason.replace('-', ' ')).join(', ')}` : '';
  throw new KithError({
    kind: 'image-unusable',
    fault: 'low-quality',
    message: `The face is of ${quality.level} quality for recognition${why}.`,
    reasons: quality.reasons,
  });
}
