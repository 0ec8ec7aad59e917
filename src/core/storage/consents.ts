import type { Consent, GalleryKind, GalleryRef } from '../types.ts';

export type NewConsent = Omit<Consent, 'withdrawnMs'>;

/** Whose consent is running out, or has run out. */
export interface DueConsent extends GalleryRef {
  readonly personId: string;
  readonly personName: string;
  /** With `untilMs`. */
  readonly consent: Consent;
}

export interface EndedConsent extends GalleryRef {
  readonly personNo: number;
  readonly personId: string;
}

/** Where a list of due consents goes on: the last one of the page before. */
export interface DuePlace {
  readonly untilMs: number;
  readonly personId: string;
}

/**
 * Consent on record, one a person. Without consent that holds, a person is suspended: their templates stay, sealed, and
 * no search, comparison or snapshot gets at them, from the transaction on that ends it.
 */
export interface ConsentStore {
  /** In place of an earlier one; brings a suspended person back. */
  giveConsent(ref: GalleryRef, personId: string, consent: NewConsent): Promise<void>;
  findConsent(ref: GalleryRef, personId: string): Promise<Consent | undefined>;
  /** Suspends the person. not-found when none was given; withdrawing again changes nothing. */
  withdrawConsent(ref: GalleryRef, personId: string, nowMs: number): Promise<void>;
  /** When the next consent of anybody, of any tenant, runs out; past for one that did and is still to be ended. */
  nextConsentEndMs(): Promise<number | undefined>;
  /** Persons, of any tenant, whose consent ran out and who are not suspended yet; at most `limit`. */
  listEndedConsents(nowMs: number, limit: number): Promise<readonly EndedConsent[]>;
  /** Suspends those of the persons whose consent ran out. */
  endConsents(personNos: readonly number[], nowMs: number): Promise<void>;
  /** Consents that run out by then and were not withdrawn, soonest first; of persons in galleries of these kinds. */
  listDueConsents(
    tenantId: string,
    due: { readonly byMs: number; readonly kinds: readonly GalleryKind[] },
    page: { readonly after?: DuePlace; readonly limit: number },
  ): Promise<readonly DueConsent[]>;
}
