import { KithError } from './errors.ts';
import type { NewConsent } from './storage/consents.ts';
import type { Consent } from './types.ts';

/** Consent as a list of people tells it, which may not say when it was given. */
export type ImportedConsent = Omit<NewConsent, 'givenMs'> & { readonly givenMs?: number };

/**
 * What is to be put on record beside what is there; undefined when nothing is. The same list may come any number of
 * times: it takes nobody's withdrawal back, nor puts an older consent in the place of a newer one.
 */
export function planConsent(
  imported: ImportedConsent,
  onRecord: Consent | undefined,
  nowMs: number,
): NewConsent | undefined {
  const consent = { ...imported, givenMs: imported.givenMs ?? nowMs };
  if (!onRecord) return consent;
  const { givenMs } = imported;
  if (onRecord.withdrawnMs !== undefined) {
    if (givenMs !== undefined && givenMs > onRecord.withdrawnMs) return consent;
    throw new KithError({
      kind: 'consent-required',
      message: 'The person withdrew their consent, and the list does not say that it was given again since.',
    });
  }
  if (givenMs !== undefined) return givenMs > onRecord.givenMs ? consent : undefined;
  return saysTheSame(imported, onRecord) ? undefined : consent;
}

function saysTheSame(a: ImportedConsent, b: Consent): boolean {
  return a.givenBy === b.givenBy && a.method === b.method && a.textHash === b.textHash && a.untilMs === b.untilMs;
}
