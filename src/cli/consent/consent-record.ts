import type { NewConsent } from '../../core/storage/consents.ts';

/** What `--json` says of a consent that was put on record. */
export function consentRecord(galleryId: string, personId: string, consent: NewConsent) {
  const { givenBy, method, textHash, givenMs, untilMs } = consent;
  const until = untilMs === undefined ? undefined : new Date(untilMs).toISOString();
  const givenAt = new Date(givenMs).toISOString();
  return { type: 'consent-given', galleryId, personId, givenBy, method, textHash, givenAt, until };
}
