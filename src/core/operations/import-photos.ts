import { checkName, packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import type { FaceTarget } from '../face-choice.ts';
import type { Acting, Deps } from '../ports.ts';
import type { PersonWithEnrolments } from '../storage/persons.ts';
import type { Enrolment, Gallery, Person, Quality, QualityLevel } from '../types.ts';
import { readFaceToEnrol, storeFace } from './enrol-face.ts';
import { createPerson } from './manage-persons.ts';

export interface PhotoToImport {
  readonly personName: string;
  readonly image: Uint8Array;
  /** SHA-256 of the source file, hex: the same photo of the same person is enrolled once. */
  readonly sourceHash: string;
}

export type ImportedPhoto =
  | {
      readonly outcome: 'enrolled' | 'already-enrolled';
      readonly person: Person;
      readonly enrolment: Enrolment;
    }
  /** From a check: it would have been enrolled. */
  | { readonly outcome: 'usable'; readonly quality: Quality };

export interface PhotoImporter {
  /**
   * Finds the person by name, or creates them with their first usable photo. Any number may run at once; once it
   * resolves, every later search finds the face. Repeating an import after a crash adds only what is missing.
   */
  importPhoto(photo: PhotoToImport): Promise<ImportedPhoto>;
  /** The same answers and refusals, but nothing is written. */
  checkPhoto(photo: PhotoToImport): Promise<ImportedPhoto>;
}

export interface ImportOptions {
  readonly target: FaceTarget;
  readonly minQuality: QualityLevel;
}

type ImportDeps = Pick<Deps, 'store' | 'vault' | 'engine' | 'follower' | 'clock' | 'newId' | 'recognitionModels'> &
  Acting;

/** One import into a gallery, which need not exist yet when photos are only checked. */
export function openPhotoImporter(
  deps: ImportDeps,
  gallery: Pick<Gallery, 'tenantId' | 'kind' | 'galleryId' | 'recognitionModel' | 'keepPhotos' | 'consentPolicy'>,
  options: ImportOptions,
): PhotoImporter {
  const { packId } = packFor(deps, gallery.recognitionModel);
  const inTurn = createTurns();

  async function findEnrolled(photo: PhotoToImport): Promise<ImportedPhoto | PersonWithEnrolments | undefined> {
    const person = await deps.store.findPersonByName(gallery, photo.personName);
    if (!person) return undefined;
    const enrolment = await deps.store.findEnrolmentBySource(gallery, person.personId, photo.sourceHash);
    return enrolment ? { outcome: 'already-enrolled', person, enrolment } : person;
  }

  async function write(photo: PhotoToImport, face: Parameters<typeof storeFace>[1]['face']): Promise<ImportedPhoto> {
    const found = await findEnrolled(photo);
    if (found && 'outcome' in found) return found;
    if (!found) requireNoConsent(gallery);
    const person = found ?? (await createPerson(deps, gallery, { name: photo.personName }));
    const enrolment = await storeFace(deps, {
      gallery,
      personId: person.personId,
      face,
      userData: undefined,
      sourceHash: photo.sourceHash,
    });
    return { outcome: 'enrolled', person, enrolment };
  }

  return {
    async importPhoto(photo) {
      checkName(photo.personName);
      const found = await findEnrolled(photo);
      if (found && 'outcome' in found) return found;
      if (!found) requireNoConsent(gallery);
      const face = await readFaceToEnrol(deps, {
        ...options,
        packId,
        keepPhoto: gallery.keepPhotos,
        image: photo.image,
      });
      // Two photos of a new person must not create them twice, nor two copies of a photo enrol it twice.
      const imported = await inTurn(photo.personName, () => write(photo, face));
      await deps.follower.catchUp();
      return imported;
    },
    async checkPhoto(photo) {
      checkName(photo.personName);
      const found = (await deps.store.findGallery(gallery)) && (await findEnrolled(photo));
      if (found && 'outcome' in found) return found;
      if (!found) requireNoConsent(gallery);
      const { quality } = await readFaceToEnrol(deps, { ...options, packId, image: photo.image });
      return { outcome: 'usable', quality };
    },
  };
}

/** Somebody new has no consent on record: refused before they are made, so that nobody is left without a face. */
function requireNoConsent({ consentPolicy }: Pick<Gallery, 'consentPolicy'>): void {
  if (consentPolicy === 'attested') return;
  throw new KithError({
    kind: 'consent-required',
    message: 'Nobody is enrolled here before their consent is on record.',
  });
}

/** Work under one name runs one after the other, under different names side by side. */
function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
