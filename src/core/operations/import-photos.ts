import { checkName, packFor } from '../checks.ts';
import { type ImportedConsent, planConsent } from '../consent-to-import.ts';
import { KithError } from '../errors.ts';
import type { FaceTarget } from '../face-choice.ts';
import type { Acting, Deps } from '../ports.ts';
import type { NewConsent } from '../storage/consents.ts';
import type { PersonWithEnrolments } from '../storage/persons.ts';
import type { Consent, Enrolment, Gallery, Person, Quality, QualityLevel } from '../types.ts';
import { type FaceToEnrol, readFaceToEnrol, storeFace } from './enrol-face.ts';
import { checkConsent, giveConsent } from './manage-consents.ts';
import { createPerson } from './manage-persons.ts';

export interface PhotoToImport {
  readonly personName: string;
  readonly image: Uint8Array;
  /** SHA-256 of the source file, hex: the same photo of the same person is enrolled once. */
  readonly sourceHash: string;
  /** What the person consented to; put on record unless it is there already. */
  readonly consent?: ImportedConsent;
}

export type ImportedPhoto =
  | {
      readonly outcome: 'enrolled' | 'already-enrolled';
      readonly person: Person;
      readonly enrolment: Enrolment;
      /** When this photo put the person's consent on record. */
      readonly consentGiven?: Consent;
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
  /** Shared by imports that may be of the same people. */
  readonly inTurn?: Turns;
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
  const { target, minQuality, inTurn = createTurns() } = options;
  const turnOf = ({ personName }: PhotoToImport) =>
    JSON.stringify([gallery.tenantId, gallery.kind, gallery.galleryId, personName]);

  async function findEnrolled(photo: PhotoToImport): Promise<ImportedPhoto | PersonWithEnrolments | undefined> {
    const person = await deps.store.findPersonByName(gallery, photo.personName);
    if (!person) return undefined;
    const enrolment = await deps.store.findEnrolmentBySource(gallery, person.personId, photo.sourceHash);
    return enrolment ? { outcome: 'already-enrolled', person, enrolment } : person;
  }

  /** What of the photo's consent is to be put on record for somebody who is there; refuses what was withdrawn since. */
  async function consentToGive(photo: PhotoToImport, personId: string): Promise<NewConsent | undefined> {
    if (!photo.consent) return undefined;
    const consent = planConsent(photo.consent, await deps.store.findConsent(gallery, personId), deps.clock.nowMs());
    if (consent) checkConsent(consent, deps.clock.nowMs());
    return consent;
  }

  async function settleConsent(photo: PhotoToImport, personId: string): Promise<{ readonly consentGiven?: Consent }> {
    const consent = await consentToGive(photo, personId);
    return consent ? { consentGiven: await giveConsent(deps, { gallery, personId }, consent) } : {};
  }

  async function write(photo: PhotoToImport, face: FaceToEnrol): Promise<ImportedPhoto> {
    const found = await findEnrolled(photo);
    if (found && 'outcome' in found) return found;
    const { person, ...given } = found
      ? { person: found, ...(await settleConsent(photo, found.personId)) }
      : await makePerson(photo);
    const enrolment = await storeFace(deps, {
      gallery,
      personId: person.personId,
      face,
      userData: undefined,
      sourceHash: photo.sourceHash,
    });
    return { outcome: 'enrolled', person, enrolment, ...given };
  }

  async function makePerson(
    photo: PhotoToImport,
  ): Promise<{ readonly person: Person; readonly consentGiven?: Consent }> {
    const consent = newConsent(photo);
    const person = await createPerson(deps, gallery, { name: photo.personName, ...(consent ? { consent } : {}) });
    return { person, ...(consent ? { consentGiven: consent } : {}) };
  }

  /** Somebody new is refused before they are made, so that nobody is left without a face. */
  function newConsent({ consent }: PhotoToImport): NewConsent | undefined {
    const planned = consent && planConsent(consent, undefined, deps.clock.nowMs());
    if (planned) checkConsent(planned, deps.clock.nowMs());
    else requireNoConsent(gallery);
    return planned;
  }

  return {
    async importPhoto(photo) {
      checkName(photo.personName);
      const found = await findEnrolled(photo);
      if (found && 'outcome' in found) {
        if (!photo.consent || found.outcome === 'usable') return found;
        const { personId } = found.person;
        return { ...found, ...(await inTurn(turnOf(photo), () => settleConsent(photo, personId))) };
      }
      // Asked before the costly part; asked again when it is written
      if (found) await consentToGive(photo, found.personId);
      else newConsent(photo);
      const face = await readFaceToEnrol(deps, {
        target,
        minQuality,
        packId,
        keepPhoto: gallery.keepPhotos,
        image: photo.image,
      });
      // Two photos of a new person must not create them twice, nor two copies of a photo enrol it twice.
      const imported = await inTurn(turnOf(photo), () => write(photo, face));
      await deps.follower.catchUp();
      return imported;
    },
    async checkPhoto(photo) {
      checkName(photo.personName);
      const found = (await deps.store.findGallery(gallery)) && (await findEnrolled(photo));
      const person = found && ('outcome' in found ? found.outcome !== 'usable' && found.person : found);
      if (person) await consentToGive(photo, person.personId);
      else newConsent(photo);
      if (found && 'outcome' in found) return found;
      const { quality } = await readFaceToEnrol(deps, { target, minQuality, packId, image: photo.image });
      return { outcome: 'usable', quality };
    },
  };
}

/** Somebody new has no consent on record. */
function requireNoConsent({ consentPolicy }: Pick<Gallery, 'consentPolicy'>): void {
  if (consentPolicy === 'attested') return;
  throw new KithError({
    kind: 'consent-required',
    message: 'Nobody is enrolled here before their consent is on record.',
  });
}

export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Work under one name runs one after the other, under different names side by side. */
export function createTurns(): Turns {
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
