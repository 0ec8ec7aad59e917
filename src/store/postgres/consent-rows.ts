import { KithError } from '../../core/errors.ts';
import type { NewConsent } from '../../core/storage/consents.ts';
import type { Consent } from '../../core/types.ts';
import { type AskedPerson, CONSENT_COLUMNS, type ConsentRow, toConsent } from '../rows/consent-rows.ts';
import type { Connection } from './connection.ts';

/** One row a person; `ended_ms` is set from the moment on that the person is suspended. */
export interface ConsentRows {
  put(personNo: number, consent: NewConsent): Promise<void>;
  find(personNo: number): Promise<Consent | undefined>;
  /** Whether it holds at that time, or isn't asked for. */
  holds(person: AskedPerson, atMs: number): Promise<boolean>;
  /** consent-required when no face of this person may be enrolled, moved or copied at that time. */
  require(person: AskedPerson, atMs?: number): Promise<void>;
}

export function consentRows(db: Connection): ConsentRows {
  const put = db.prepare<[number, string, string, string, number, number | null]>(
    `INSERT INTO consents (person_no, given_by, method, text_hash, given_ms, until_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (person_no) DO UPDATE SET given_by = excluded.given_by, method = excluded.method, text_hash = excluded.text_hash,
       given_ms = excluded.given_ms, until_ms = excluded.until_ms, withdrawn_ms = NULL, ended_ms = NULL`,
  );
  const find = db.prepare<[number], ConsentRow & { readonly endedMs: number | null }>(
    `SELECT ${CONSENT_COLUMNS}, ended_ms AS "endedMs" FROM consents WHERE person_no = ?`,
  );

  async function whyNot({ personNo, consentPolicy }: AskedPerson, atMs: number): Promise<string | undefined> {
    const row = await find.get(personNo);
    if (row === undefined) {
      return consentPolicy === 'attested' ? undefined : 'Nobody is enrolled here before their consent is on record.';
    }
    if (row.withdrawnMs !== null) return 'The consent of this person was withdrawn.';
    const hasEnded = row.endedMs !== null || (row.untilMs !== null && row.untilMs <= atMs);
    return hasEnded ? 'The consent of this person has run out.' : undefined;
  }

  return {
    async put(personNo, { givenBy, method, textHash, givenMs, untilMs }) {
      await put.run(personNo, givenBy, method, textHash, givenMs, untilMs ?? null);
    },
    async find(personNo) {
      const row = await find.get(personNo);
      if (row === undefined) return undefined;
      const { endedMs: _, ...consent } = row;
      return toConsent(consent);
    },
    holds: async (person, atMs) => (await whyNot(person, atMs)) === undefined,
    async require(person, atMs = 0) {
      const message = await whyNot(person, atMs);
      if (message !== undefined) throw new KithError({ kind: 'consent-required', message });
    },
  };
}
