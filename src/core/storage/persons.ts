import type { ErasedCounts } from '../erasure-types.ts';
import type { GalleryRef, Person, QualityLevel } from '../types.ts';
import type { NewConsent } from './consents.ts';
import type { NewEnrolment } from './enrolments.ts';
import type { Page } from './page.ts';

export interface NewPerson {
  readonly personId: string;
  readonly name: string;
  readonly userData?: string;
  /** The person's own data key, wrapped by the vault; destroying it makes every template of theirs unreadable. */
  readonly wrappedKey: Uint8Array;
  readonly consent?: NewConsent;
  /** Their creation when left out. */
  readonly lastUsedMs?: number;
  readonly createdMs: number;
}

export interface PersonWithEnrolments extends Person {
  /** In the order of enrolment. */
  readonly enrolmentIds: readonly string[];
}

/** A person that a search found, with what their score is made of. */
export interface ResolvedPerson {
  readonly personNo: number;
  readonly personId: string;
  readonly personName: string;
  readonly enrolments: readonly {
    readonly enrolmentId: string;
    readonly qualityLevel: QualityLevel;
    readonly wrappedKey: Uint8Array;
    readonly sealedTemplate: Uint8Array;
  }[];
}

/** Where a list in the order of names goes on: after this person. */
export interface NamePlace {
  readonly name: string;
  readonly personNo: number;
}

export interface PersonsByName {
  /** Only those whose name has this in it; ASCII letters match in either case. */
  readonly containing?: string;
  readonly after?: NamePlace;
  /** Of those that come then, so many are passed over: for whoever scrolls to the middle. */
  readonly skip?: number;
  readonly limit: number;
}

export interface PersonStore {
  /** limit-exceeded when the gallery already has `maxPersons`. */
  createPerson(ref: GalleryRef, person: NewPerson, maxPersons: number): Promise<Person>;
  getPerson(ref: GalleryRef, personId: string): Promise<PersonWithEnrolments>;
  findPersonByName(ref: GalleryRef, name: string): Promise<PersonWithEnrolments | undefined>;
  /** At most `limit`, in the order in which they were added. */
  findPersonsByName(ref: GalleryRef, name: string, limit: number): Promise<readonly PersonWithEnrolments[]>;
  listPersons(ref: GalleryRef, page: Page): Promise<readonly PersonWithEnrolments[]>;
  /** By name, in ordinal order. */
  listPersonsByName(ref: GalleryRef, wanted: PersonsByName): Promise<readonly PersonWithEnrolments[]>;
  /** Whoever was added last comes first. */
  listNewestPersons(ref: GalleryRef, wanted: PersonsByName): Promise<readonly PersonWithEnrolments[]>;
  /** All, or those whose name has this in it. */
  countPersonsByName(ref: GalleryRef, containing?: string): Promise<number>;
  updatePerson(
    ref: GalleryRef,
    personId: string,
    patch: { readonly name?: string; readonly userData?: string },
    nowMs: number,
  ): Promise<void>;
  deletePerson(ref: GalleryRef, personId: string): Promise<ErasedCounts>;
  /** The galleries, of any kind, that hold the person. */
  findGalleriesOfPerson(tenantId: string, personId: string): Promise<readonly GalleryRef[]>;
  getPersonKey(
    ref: GalleryRef,
    personId: string,
  ): Promise<{
    readonly personNo: number;
    readonly galleryNo: number;
    readonly wrappedKey: Uint8Array;
    /** The gallery's. */
    readonly transformKey?: Uint8Array;
  }>;
  /**
   * Many persons with their enrolments in one transaction: for imports, moves and restores; answers the numbers they
   * got. limit-exceeded, and nothing stored, when the gallery would have more than `maxPersons`.
   */
  importPersons(
    ref: GalleryRef,
    batch: readonly { readonly person: NewPerson; readonly enrolments: readonly NewEnrolment[] }[],
    maxPersons?: number,
  ): Promise<readonly { readonly personNo: number; readonly enrolmentNos: readonly number[] }[]>;
  /**
   * Search results come back as numbers: here they become persons, with at most `maxEnrolments` sealed templates each,
   * the hit's own among them. Numbers of what is gone meanwhile are left out; the order is that of `hits`.
   */
  resolvePersons(
    ref: GalleryRef,
    hits: readonly { readonly personNo: number; readonly enrolmentNo: number }[],
    maxEnrolments: number,
  ): Promise<readonly ResolvedPerson[]>;
}
