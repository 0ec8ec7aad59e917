import type { Consent, ConsentPolicy } from '../../core/types.ts';

export interface ConsentRow {
  readonly givenBy: string;
  readonly method: string;
  readonly textHash: string;
  readonly givenMs: number;
  readonly untilMs: number | null;
  readonly withdrawnMs: number | null;
}

export interface AskedPerson {
  readonly personNo: number;
  readonly consentPolicy: ConsentPolicy;
}

export const CONSENT_COLUMNS = `given_by AS "givenBy", method, text_hash AS "textHash", given_ms AS "givenMs",
  until_ms AS "untilMs", withdrawn_ms AS "withdrawnMs"`;

export function toConsent({ untilMs, withdrawnMs, ...row }: ConsentRow): Consent {
  return { ...row, ...(untilMs !== null && { untilMs }), ...(withdrawnMs !== null && { withdrawnMs }) };
}
