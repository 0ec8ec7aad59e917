// A gallery on its way to another Kith. Templates leave here as they were made, turned back and opened, and are turned and
// sealed with keys of the receiver's: between the two lies only what is sealed to the receiver.
import { audited, auditedGallery } from '../audited.ts';
import { checkFaceUserData, checkName, checkUserData, invalidArgument, isGuid, packFor } from '../checks.ts';
import type { ErasedCounts } from '../erasure-types.ts';
import { MAX_ENROLMENTS_PER_PERSON, MAX_PERSONS_LARGE_PERSON_GALLERY } from '../limits.ts';
import { nextTurn } from '../next-turn.ts';
import type { Acting, Deps, KnownModels } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { NewConsent } from '../storage/consents.ts';
import type { NewEnrolment } from '../storage/enrolments.ts';
import type { Box, Gallery, GalleryRef, Quality } from '../types.ts';
import { checkConsent } from './manage-consents.ts';
import { createGallery, type GallerySettings } from './manage-galleries.ts';

const PAGE = 200;
const BATCH = 500;
/** Of a template's length: 32-bit rounding on its way. */
const LENGTH_SLACK = 1e-3;
const MAX_PHOTO_BYTES = 256 * 1024;
/** The first bytes of a JPEG. */
const JPEG = [0xff, 0xd8, 0xff];

export interface MovedGallery extends GallerySettings {
  /** What made its templates: the receiver needs the same. */
  readonly packId: string;
  readonly dims: number;
}

export interface MovedFace {
  readonly enrolmentId: string;
  readonly userData?: string;
  readonly box: Box;
  readonly quality: Quality;
  readonly sourceHash?: string;
  readonly createdMs: number;
  /** Unit vector, as the model made it. */
  readonly template: Float32Array;
  /** JPEG. */
  readonly photo?: Uint8Array;
}

export interface MovedPerson {
  readonly personId: string;
  readonly name: string;
  readonly userData?: string;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly consent?: NewConsent;
  readonly faces: readonly MovedFace[];
}

export function describeGallery(deps: KnownModels, gallery: Gallery): MovedGallery {
  const { name, userData, recognitionModel, targetFpir, keepPhotos, purpose, lawfulBasis } = gallery;
  const { packId, dims } = packFor(deps, recognitionModel);
  return {
    name,
    ...(userData === undefined ? {} : { userData }),
    recognitionModel,
    ...(targetFpir === undefined ? {} : { targetFpir }),
    keepPhotos,
    ...(purpose === undefined ? {} : { purpose }),
    ...(lawfulBasis === undefined ? {} : { lawfulBasis }),
    retentionDays: gallery.retentionDays,
    consentPolicy: gallery.consentPolicy,
    ...(gallery.twoPersonRule ? { twoPersonRule: true } : {}),
    packId,
    dims,
  };
}

/**
 * Everybody who can be found there, by id; who is suspended or merged into another stays behind. To be put on record by
 * whoever asks for it.
 */
export async function* exportPeople(
  deps: Pick<Deps, 'store' | 'vault'>,
  gallery: Gallery,
): AsyncGenerator<MovedPerson, void, undefined> {
  for (let after: string | undefined; ; ) {
    const persons = await deps.store.listPersons(gallery, { limit: PAGE, ...(after ? { after } : {}) });
    for (const { personId, name, userData, createdMs } of persons) {
      const faces = await exportFaces(deps, gallery, personId);
      const consent = await deps.store.findConsent(gallery, personId);
      const hasFaces = (await deps.store.listEnrolments(gallery, personId)).length > 0;
      if (consent?.withdrawnMs !== undefined || (hasFaces && faces.length === 0)) continue;
      yield {
        personId,
        name,
        ...(userData === undefined ? {} : { userData }),
        createdMs,
        lastUsedMs: await deps.store.findLastUse(gallery, personId),
        ...(consent ? { consent } : {}),
        faces,
      };
    }
    after = persons.at(-1)?.personId;
    if (persons.length < PAGE) return;
    await nextTurn();
  }
}

async function exportFaces(
  { store, vault }: Pick<Deps, 'store' | 'vault'>,
  gallery: Gallery,
  personId: string,
): Promise<MovedFace[]> {
  const { tenantId, transformKey } = gallery;
  const sealed = new Map(
    (await store.sealedEnrolmentsOf(gallery, personId)).map((enrolment) => [enrolment.enrolmentNo, enrolment]),
  );
  const faces: MovedFace[] = [];
  for (const { enrolmentNo, enrolmentId, userData, box, quality, sourceHash, createdMs } of await store.listEnrolments(
    gallery,
    personId,
  )) {
    const of = sealed.get(enrolmentNo);
    if (!of) continue;
    const photo = await store.findEnrolmentPhoto(gallery, personId, enrolmentId);
    faces.push({
      enrolmentId,
      ...(userData === undefined ? {} : { userData }),
      box,
      quality,
      ...(sourceHash === undefined ? {} : { sourceHash }),
      createdMs,
      template: vault.turnBack(tenantId, transformKey, vault.openTemplate(tenantId, of.wrappedKey, of.sealedTemplate)),
      ...(photo ? { photo: vault.openPhoto(tenantId, photo.wrappedKey, photo.sealedPhoto) } : {}),
    });
  }
  return faces;
}

/** Throws invalid-argument for what no Kith would have written: a file sealed to a public key may be from anybody. */
export function checkMovedPerson({ personId, name, userData, consent, faces }: MovedPerson, dims: number): void {
  if (!isGuid(personId)) throw invalidArgument('personId', 'malformed', 'A person has no id of this service’s making.');
  checkName(name);
  checkUserData(userData);
  // Whether it holds here and now is for the store to say
  if (consent) checkConsent(consent, consent.givenMs);
  if (faces.length > MAX_ENROLMENTS_PER_PERSON) {
    throw invalidArgument('faces', 'too-long', `A person has at most ${MAX_ENROLMENTS_PER_PERSON} faces.`);
  }
  for (const face of faces) {
    if (!isGuid(face.enrolmentId)) throw invalidArgument('faceId', 'malformed', 'A face has no id of Kith’s making.');
    checkFaceUserData(face.userData);
    const length = Math.hypot(...face.template);
    if (face.template.length !== dims || !(Math.abs(length - 1) < LENGTH_SLACK)) {
      throw invalidArgument('template', 'malformed', 'A template is not one of the gallery’s model.');
    }
    if (face.photo && (face.photo.length > MAX_PHOTO_BYTES || JPEG.some((byte, i) => face.photo?.[i] !== byte))) {
      throw invalidArgument('photo', 'malformed', 'A kept picture is no JPEG, or too large for one.');
    }
  }
}

type ImportDeps = Pick<Deps, 'store' | 'vault' | 'follower' | 'erasureLedger' | 'clock'> & KnownModels & Acting;

/** Makes the gallery, which must not be there, with everybody in it, or nothing. */
export async function importGallery(
  deps: ImportDeps,
  ref: GalleryRef,
  moved: { readonly gallery: MovedGallery; readonly people: AsyncIterable<MovedPerson> },
): Promise<{ readonly persons: number; readonly enrolments: number }> {
  const { packId, dims, ...settings } = moved.gallery;
  const pack = packFor(deps, settings.recognitionModel);
  if (pack.packId !== packId || pack.dims !== dims) {
    const message = `Its templates are of the model "${packId}", and here "${pack.packId}" answers for ${settings.recognitionModel}.`;
    throw invalidArgument('recognitionModel', 'unknown', message);
  }
  const countsOf = (counts: { readonly persons: number; readonly enrolments: number }) => ({ ...counts });
  return audited(deps, { action: 'import', gallery: auditedGallery(ref), packId, countsOf }, async () => {
    const gallery = await createGallery(deps, ref, settings);
    try {
      const counts = await importPeople(deps, gallery, moved);
      await deps.follower.catchUp();
      return counts;
    } catch (error) {
      await undo(deps, ref);
      throw error;
    }
  });
}

async function undo(deps: ImportDeps, ref: GalleryRef): Promise<ErasedCounts> {
  const counts = await deps.store.deleteGallery(ref, { withSnapshots: true });
  await settleErasure(deps);
  return counts;
}

async function importPeople(
  { store, vault }: ImportDeps,
  gallery: Gallery,
  {
    gallery: { dims, packId },
    people,
  }: { readonly gallery: MovedGallery; readonly people: AsyncIterable<MovedPerson> },
): Promise<{ readonly persons: number; readonly enrolments: number }> {
  const { tenantId, transformKey, keepPhotos } = gallery;
  let persons = 0;
  let enrolments = 0;
  let batch: Parameters<typeof store.importPersons>[1][number][] = [];
  const write = async (): Promise<void> => {
    await store.importPersons(gallery, batch, MAX_PERSONS_LARGE_PERSON_GALLERY);
    batch = [];
  };
  for await (const moved of people) {
    checkMovedPerson(moved, dims);
    const { faces, ...person } = moved;
    const wrappedKey = vault.newPersonKey(tenantId);
    batch.push({
      person: { ...person, wrappedKey },
      enrolments: faces.map(({ template, photo, ...face }): NewEnrolment => {
        const turned = vault.turn(tenantId, transformKey, template);
        return {
          ...face,
          packId,
          ...(transformKey ? { transformKey } : {}),
          sealedTemplate: vault.sealTemplate(tenantId, wrappedKey, turned),
          ...(photo && keepPhotos ? { sealedPhoto: vault.sealPhoto(tenantId, wrappedKey, photo) } : {}),
        };
      }),
    });
    persons++;
    enrolments += faces.length;
    if (batch.length === BATCH) await write();
  }
  await write();
  return { persons, enrolments };
}
