import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTOR, openTestLog, recordsIn, withTemporaryFolder } from '../../tests/support/audit-logs.ts';
import { audited } from './audited.ts';
import { KithError } from './errors.ts';

const gallery = { kind: 'person', galleryId: 'staff', tenantId: ACTOR.tenantId } as const;
const erasure = { action: 'erase-person', gallery, personIds: ['ann'] } as const;

test('a deed is on record before it is done, and then with what came of it', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    const audit = log.actingAs(ACTOR);
    const records = () => recordsIn(join(folder, log.chain)).filter(({ action }) => action === 'erase-person');

    const countsOf = (enrolments: number) => ({ enrolments });
    const answer = await audited({ audit }, { ...erasure, countsOf }, async () => {
      expect(records()).toMatchObject([{ seq: 3, outcome: 'begun', personIds: ['ann'] }]);
      return 2;
    });
    expect(answer).toBe(2);
    const unknown = new KithError({ kind: 'not-found', resource: 'person', id: 'ann' });
    await expect(audited({ audit }, erasure, () => Promise.reject(unknown))).rejects.toBe(unknown);
    await expect(audited({ audit }, erasure, () => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
    await log.close();

    expect(
      records().map(({ seq, outcome, problem, counts, follows }) => ({ seq, outcome, problem, counts, follows })),
    ).toEqual([
      { seq: 3, outcome: 'begun' },
      { seq: 4, outcome: 'done', counts: { enrolments: 2 }, follows: { chain: log.chain, seq: 3 } },
      { seq: 5, outcome: 'begun' },
      { seq: 6, outcome: 'refused', problem: 'not-found', follows: { chain: log.chain, seq: 5 } },
      { seq: 7, outcome: 'begun' },
      { seq: 8, outcome: 'failed', problem: 'internal', follows: { chain: log.chain, seq: 7 } },
    ]);
  }));

test('a deed that can’t be put on record is not done', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    await log.close();
    let isDone = false;
    const doing = audited({ audit: log.actingAs(ACTOR) }, erasure, async () => {
      isDone = true;
    });
    await expect(doing).rejects.toMatchObject({ problem: { kind: 'unavailable' } });
    expect(isDone).toBe(false);
  }));
