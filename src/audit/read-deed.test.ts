import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTOR, linesOf, openTestLog, searchEvent, segmentsOf, writeLines } from '../../tests/support/audit-logs.ts';
import type { AuditRef } from '../core/audit-types.ts';
import { AuditFaultError } from './audit-fault.ts';
import { hashLine, NO_HASH } from './audit-line.ts';
import { canonicalJson } from './canonical-json.ts';
import { HEADS_FILE } from './chain-folder.ts';
import { findHead } from './find-head.ts';
import { readDeed } from './read-deed.ts';
import { sizeOfHeads } from './read-heads.ts';
import { PUBLIC_KEY_FILE, readPublicKey } from './signing-key.ts';

const gallery = { kind: 'large-person', galleryId: 'staff' } as const;
/** So many that their file is not read from its beginning: it is more than 64 KB. */
const DEEDS = 300;

let folder: string;
let target: Parameters<typeof readDeed>[0];
const begun: AuditRef[] = [];
let cutOff: AuditRef;
let unsigned: AuditRef;

const anybody = () => true;
const read = (seq: number, wanted = anybody) => readDeed(target, seq, wanted);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kith-deed-'));
  const options = { segmentBytes: 64 * 1024, headEveryMs: 3_600_000 };
  const log = await openTestLog(folder, options);
  const audit = log.actingAs(ACTOR);
  for (let i = 0; i < DEEDS; i++) {
    const deed = { action: 'erase-person', gallery, personIds: [`person-${i}`] } as const;
    const follows = await audit.record({ ...deed, outcome: 'begun' });
    // Others record meanwhile, and heads are signed within some deeds and behind others
    for (let n = 0; n < i % 4; n++) await audit.record(searchEvent(`other-${n}`));
    if (i % 3 === 0) await log.sign();
    await audit.record({ ...deed, outcome: 'done', follows, counts: { templates: i } });
    if (i % 3 !== 0) await log.sign();
    begun.push(follows);
  }
  const left = { action: 'erase-person', gallery, personIds: ['left'] } as const;
  cutOff = await audit.record({ ...left, outcome: 'begun' });
  await log.close();
  const again = await openTestLog(folder, options);
  unsigned = await again.actingAs(ACTOR).record({ ...left, outcome: 'begun' });
  const key = await readPublicKey(join(folder, PUBLIC_KEY_FILE));
  target = { chainFolder: join(folder, log.chain), chain: log.chain, key };
  expect(again.chain).toBe(log.chain);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the last head at or before a record is found without reading all', async () => {
  const heads = linesOf(target.chainFolder, HEADS_FILE).map((line) => JSON.parse(line) as { seq: number });
  const untilBytes = await sizeOfHeads(target.chainFolder);
  const bytes = readFileSync(join(target.chainFolder, HEADS_FILE));
  expect(bytes.lastIndexOf(10)).toBeGreaterThan(64 * 1024);
  expect(segmentsOf(target.chainFolder).length).toBeGreaterThan(1);
  for (let seq = 1; seq <= (heads.at(-1)?.seq ?? 0) + 5; seq++) {
    const at = await findHead(target.chainFolder, seq, untilBytes);
    const expected = heads.findLast((head) => head.seq <= seq);
    const found = at === undefined ? undefined : JSON.parse(bytes.toString('utf8', at, bytes.indexOf(10, at)));
    expect(found?.seq, String(seq)).toBe(expected?.seq);
  }
});

test('every deed is found with its end', async () => {
  for (const [i, { seq }] of begun.entries()) {
    const deed = await read(seq);
    expect(deed).toMatchObject({
      begun: { seq, chain: target.chain, outcome: 'begun', personIds: [`person-${i}`] },
      end: { outcome: 'done', follows: { seq }, counts: { templates: i } },
    });
  }
});

test('without an end where its process ended, undefined where there is none, and unsigned where that is so', async () => {
  const deed = await read(cutOff.seq);
  expect(deed).toMatchObject({ begun: { personIds: ['left'] } });
  expect(deed).not.toHaveProperty('end');
  expect(await read(1_000_000)).toBeUndefined();
  expect(await read(begun[5]?.seq ?? 0, () => false)).toBeUndefined();
  expect(await read(unsigned.seq)).toBe('unsigned');
});

/** Numbered and hashed anew from the first line on. */
function chained(lines: readonly string[]): string[] {
  let prev = NO_HASH;
  return lines.map((line, i) => {
    const again = canonicalJson({ ...JSON.parse(line), seq: i + 1, prev });
    prev = hashLine(Buffer.from(again));
    return again;
  });
}

describe('in a log that was changed', () => {
  /** Tries with the file as `change` makes it, and puts it back. */
  async function tried(file: string, change: (bytes: Buffer) => Buffer, seq: number): Promise<unknown> {
    const path = join(target.chainFolder, file);
    const pristine = readFileSync(path);
    writeFileSync(path, change(Buffer.from(pristine)));
    try {
      return await read(seq);
    } catch (error) {
      if (error instanceof AuditFaultError) return error;
      throw error;
    } finally {
      writeFileSync(path, pristine);
    }
  }

  test('no deed is told otherwise, whichever byte was changed', async () => {
    const { seq } = begun[150] as AuditRef;
    const expected = await read(seq);
    const lineAt = (file: string, marker: string) => readFileSync(join(target.chainFolder, file)).indexOf(marker);
    const file = segmentsOf(target.chainFolder).find((name) => lineAt(name, '"person-150"') !== -1) as string;
    const first = lineAt(file, '"person-150"') - 200;
    let faults = 0;
    for (let at = first; at < first + 1200; at += 7) {
      const found = await tried(
        file,
        (bytes) => {
          bytes[at] = (bytes[at] ?? 0) ^ 1;
          return bytes;
        },
        seq,
      );
      if (found instanceof AuditFaultError) faults++;
      else expect(found, String(at)).toEqual(expected);
    }
    expect(faults).toBeGreaterThan(60);
  });

  test('a line that was changed, with its chain made good, is found out by the head', async () => {
    const { seq } = begun[0] as AuditRef;
    const file = '000001.jsonl';
    const lines = linesOf(target.chainFolder, file);
    const pristine = readFileSync(join(target.chainFolder, file));
    const changed = lines.map((line) => line.replace('"templates":0', '"templates":9'));
    expect(changed).not.toEqual(lines);
    writeLines(target.chainFolder, chained(changed), file);
    await expect(read(seq)).rejects.toThrow(AuditFaultError);
    // As if it had never been there
    writeLines(target.chainFolder, chained([...lines.slice(0, seq - 1), ...lines.slice(seq)]), file);
    await expect(read(seq)).rejects.toThrow(AuditFaultError);
    writeFileSync(join(target.chainFolder, file), pristine);
    expect(await read(seq)).toMatchObject({ end: { counts: { templates: 0 } } });
  });

  test('without its heads nothing is vouched for', async () => {
    const { seq } = begun[150] as AuditRef;
    expect(await tried(HEADS_FILE, () => Buffer.alloc(0), seq)).toSatisfy(
      (found) => found === 'unsigned' || found instanceof AuditFaultError,
    );
    const forged = await tried(
      HEADS_FILE,
      (bytes) => Buffer.from(bytes.toString('utf8').replace(/"signature":"..../g, '"signature":"AAAA')),
      seq,
    );
    expect(forged).toBeInstanceOf(AuditFaultError);
  });

  test('signed with another key nothing is vouched for', async () => {
    const other = mkdtempSync(join(tmpdir(), 'kith-deed-'));
    await (await openTestLog(other)).close();
    const key = await readPublicKey(join(other, PUBLIC_KEY_FILE));
    rmSync(other, { recursive: true });
    const { seq } = begun[150] as AuditRef;
    await expect(readDeed({ ...target, key }, seq, anybody)).rejects.toThrow(/not one of this head by this key/);
  });
});
