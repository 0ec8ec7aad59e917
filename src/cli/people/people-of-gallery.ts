// The people of a gallery as commands see them, whether it lies in the data directory or behind a service.
import { isGuid } from '../../core/checks.ts';
import type { SignedReceipt } from '../../core/erasure-types.ts';
import type { NewConsent } from '../../core/storage/consents.ts';
import type { PairOfPersons } from '../../core/storage/dismissed-pairs.ts';
import type { Quality } from '../../core/types.ts';
import type { CommandContext } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';

export interface KnownPerson {
  readonly personId: string;
  readonly name: string;
  readonly userData?: string;
  readonly createdMs: number;
  readonly faceIds: readonly string[];
}

export interface KnownFace {
  readonly faceId: string;
  readonly quality: Quality;
  readonly hasPhoto: boolean;
  /** SHA-256 of the file it came from; a service doesn't tell it. */
  readonly sourceHash?: string;
  readonly createdMs: number;
}

export interface KnownMerge {
  readonly mergeId: string;
  readonly fromPersonId: string;
  readonly intoPersonId: string;
  readonly fromName: string;
  readonly mergedMs: number;
}

/** Two who were said to be two people. */
export interface KnownDismissedPair {
  readonly people: readonly { readonly personId: string; readonly name: string }[];
  readonly keyId: string;
  readonly dismissedMs: number;
}

export interface PeopleOfGallery {
  readonly galleryId: string;
  everybody(): AsyncIterable<KnownPerson>;
  getPerson(personId: string): Promise<KnownPerson>;
  /** A few of those who are called so. */
  findByName(name: string): Promise<readonly KnownPerson[]>;
  facesOf(personId: string): Promise<readonly KnownFace[]>;
  mergesOf(personId: string): Promise<readonly KnownMerge[]>;
  create(person: { readonly name: string; readonly consent?: NewConsent }): Promise<{ readonly personId: string }>;
  rename(personId: string, name: string): Promise<void>;
  merge(ids: { readonly fromPersonId: string; readonly intoPersonId: string }): Promise<{ readonly mergeId: string }>;
  undoMerge(mergeId: string): Promise<KnownMerge>;
  moveFaces(move: FaceMove): Promise<void>;
  dismissPair(personIds: PairOfPersons): Promise<void>;
  restorePair(personIds: PairOfPersons): Promise<void>;
  /** Latest first. */
  dismissedPairs(): AsyncIterable<KnownDismissedPair>;
  erase(personId: string): Promise<SignedReceipt>;
  giveConsent(personId: string, consent: NewConsent): Promise<void>;
  withdrawConsent(personId: string): Promise<void>;
}

export interface FaceMove {
  readonly fromPersonId: string;
  readonly toPersonId: string;
  readonly faceIds: readonly string[];
}

/** Wherever the command was told to work; what belongs to the other way is not even loaded. */
export async function withPeople(
  context: CommandContext,
  galleryId: string,
  work: (people: PeopleOfGallery) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { service } = context;
  if (!service) return (await import('./local-people.ts')).withLocalPeople(context, galleryId, work);
  const { openRemotePeople } = await import('./remote-people.ts');
  return work(openRemotePeople(service, galleryId));
}

/** A person by id or by name; a name that several have is refused with their ids. */
export async function findPerson(people: PeopleOfGallery, idOrName: string): Promise<KnownPerson> {
  if (isGuid(idOrName)) return people.getPerson(idOrName);
  const [person, ...others] = await people.findByName(idOrName.normalize('NFC'));
  if (!person) {
    throw new UsageError(
      `There is nobody called "${printable(idOrName)}" in "${people.galleryId}": kith people list shows who is there.`,
    );
  }
  if (others.length === 0) return person;
  const ids = [person, ...others].map(({ personId }) => personId).join(', ');
  throw new UsageError(`Several people are called "${printable(idOrName)}": name one by the id, of ${ids}.`);
}
