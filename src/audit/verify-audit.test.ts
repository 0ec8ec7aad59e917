import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACTOR,
  linesOf,
  openTestLog,
  searchEvent,
  segmentsOf,
  withTemporaryFolder,
  writeLines,
  writeLog,
} from '../../tests/support/audit-logs.ts';
import { hashLine } from './audit-line.ts';
import { canonicalJson } from './canonical-json.ts';
import { parseHead } from './chain-head.ts';
import { verifyAudit } from './verify-audit.ts';

/** Forty records in segments of six lines or so, with a head over the last line of each. */
const RECORDS = 40;
const SEGMENT_BYTES = 2500;

let pristine: string;
let chain: string;
let release: () => void;
let cleaned: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((ready, fail) => {
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    cleaned = withTemporaryFolder(async (folder) => {
      pristine = folder;
      chain = (await writeLog(folder, { records: RECORDS, segmentBytes: SEGMENT_BYTES })).slice(folder.length + 1);
      ready();
      await released;
    });
    cleaned.catch(fail);
  });
});
afterAll(() => {
  release();
  return cleaned;
});

async function afterTampering(
  tamper: (chainFolder: string) => void,
  look: (folder: string, chainFolder: string) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'audit');
    await cp(pristine, folder, { recursive: true });
    tamper(join(folder, chain));
    await look(folder, join(folder, chain));
  });
}

function edit(chainFolder: string, file: string, change: (lines: string[]) => readonly string[]): void {
  writeLines(chainFolder, change(linesOf(chainFolder, file)), file);
}

function replaceLine(chainFolder: string, file: string, line: number, change: (text: string) => string): void {
  edit(chainFolder, file, (lines) => lines.map((text, i) => (i === line - 1 ? change(text) : text)));
}

function swapFiles(folder: string, a: string, b: string): void {
  renameSync(join(folder, a), join(folder, 'aside'));
  renameSync(join(folder, b), join(folder, a));
  renameSync(join(folder, 'aside'), join(folder, b));
}

const move = <T>(list: readonly T[], from: number, to: number): T[] => {
  const rest = list.filter((_, i) => i !== from - 1);
  return [...rest.slice(0, to - 1), list[from - 1] as T, ...rest.slice(to - 1)];
};

test('a log that nobody touched is intact, and every record of it signed', async () => {
  const { isIntact, chains } = await verifyAudit({ folder: pristine });
  expect(isIntact).toBe(true);
  expect(chains).toMatchObject([{ chain, records: RECORDS + 3, signedSeq: RECORDS + 3, tornBytes: 0 }]);
  const segments = segmentsOf(join(pristine, chain));
  expect(segments.length).toBeGreaterThan(5);
  // The cases below name lines of these files
  for (const file of segments.slice(0, 4)) expect(linesOf(join(pristine, chain), file).length).toBeGreaterThan(5);
});

const two = '000002.jsonl';
const last = (): string => segmentsOf(join(pristine, chain)).at(-1) as string;
const linesIn = (file: string): number => linesOf(join(pristine, chain), file).length;

describe('the first bad line is named, and what is wrong with it', () => {
  test.each<{ what: string; tamper: (folder: string) => void; kind: string; file?: string; line: number }>([
    {
      what: 'a word changed',
      tamper: (folder) => replaceLine(folder, two, 3, (text) => text.replace('"staff"', '"stuff"')),
      ...{ kind: 'altered', line: 3 },
    },
    {
      what: 'two lines changed',
      tamper: (folder) => {
        replaceLine(folder, two, 2, (text) => text.replace('0.71', '0.72'));
        replaceLine(folder, two, 4, (text) => text.replace('0.71', '0.72'));
      },
      ...{ kind: 'altered', line: 2 },
    },
    {
      what: 'the very first line changed',
      tamper: (folder) => replaceLine(folder, '000001.jsonl', 1, (text) => text.replace('"format":1', '"format":2')),
      ...{ kind: 'altered', file: '000001.jsonl', line: 1 },
    },
    {
      what: 'the last line of a file changed',
      tamper: (folder) => replaceLine(folder, two, linesIn(two), (text) => text.replace('0.71', '0.72')),
      ...{ kind: 'altered', line: -1 },
    },
    {
      what: 'a line that is no JSON',
      tamper: (folder) => replaceLine(folder, two, 3, (text) => text.slice(1)),
      ...{ kind: 'altered', line: 3 },
    },
    {
      what: 'a blank line put in',
      tamper: (folder) => edit(folder, two, (lines) => [...lines.slice(0, 2), '', ...lines.slice(2)]),
      ...{ kind: 'altered', line: 3 },
    },
    {
      what: 'a blank put into a line',
      tamper: (folder) => replaceLine(folder, two, 3, (text) => text.replace('{', '{ ')),
      ...{ kind: 'altered', line: 3 },
    },
    {
      what: 'the hash of the line before changed',
      tamper: (folder) => replaceLine(folder, two, 3, (text) => text.replace(/"prev":"[0-9a-f]{4}/, '"prev":"0000')),
      ...{ kind: 'altered', line: 3 },
    },
    {
      what: 'a number changed',
      tamper: (folder) => replaceLine(folder, two, 3, (text) => text.replace(/"seq":\d+/, '"seq":99')),
      ...{ kind: 'altered', line: 3 },
    },
    {
      what: 'a line zeroed, as if a crash had done it',
      tamper: (folder) => replaceLine(folder, last(), 1, (text) => '\0'.repeat(text.length)),
      ...{ kind: 'altered', file: 'last', line: 1 },
    },
    {
      what: 'a line rewritten and all that follow chained to it anew, without the key',
      tamper: (folder) => {
        const files = segmentsOf(folder).slice(1);
        let prev: string | undefined;
        for (const file of files) {
          edit(folder, file, (lines) =>
            lines.map((text) => {
              const { prev: was, ...content } = JSON.parse(text.replace('"person-8"', '"nobody"'));
              const line = canonicalJson({ ...content, prev: prev ?? was });
              prev = hashLine(Buffer.from(line));
              return line;
            }),
          );
        }
      },
      // The head is over the last line of the file: it or one of those before it
      ...{ kind: 'altered', line: -1 },
    },
    {
      what: 'a line taken out',
      tamper: (folder) => edit(folder, two, (lines) => lines.filter((_, i) => i !== 2)),
      ...{ kind: 'missing', line: 3 },
    },
    {
      what: 'two lines taken out at the beginning of a file',
      tamper: (folder) => edit(folder, two, (lines) => lines.slice(2)),
      ...{ kind: 'missing', line: 1 },
    },
    {
      what: 'lines taken out at the end of a file in the middle',
      tamper: (folder) => edit(folder, two, (lines) => lines.slice(0, 3)),
      ...{ kind: 'missing', file: '000003.jsonl', line: 1 },
    },
    {
      what: 'two lines swapped',
      tamper: (folder) => edit(folder, two, (lines) => move(lines, 3, 4)),
      ...{ kind: 'reordered', line: 3 },
    },
    {
      what: 'a line moved to a later place',
      tamper: (folder) => edit(folder, two, (lines) => move(lines, 2, 5)),
      ...{ kind: 'reordered', line: 2 },
    },
    {
      what: 'a line moved to an earlier place',
      tamper: (folder) => edit(folder, two, (lines) => move(lines, 5, 2)),
      ...{ kind: 'reordered', line: 2 },
    },
    {
      what: 'a line repeated at once',
      tamper: (folder) => edit(folder, two, (lines) => [...lines.slice(0, 3), ...lines.slice(2)]),
      ...{ kind: 'replayed', line: 4 },
    },
    {
      what: 'a line repeated later',
      tamper: (folder) => edit(folder, two, (lines) => [...lines.slice(0, 5), lines[1] as string, ...lines.slice(5)]),
      ...{ kind: 'replayed', line: 6 },
    },
    {
      what: 'a line overwritten with an earlier one',
      tamper: (folder) => edit(folder, two, (lines) => lines.map((text, i) => (i === 4 ? (lines[1] as string) : text))),
      ...{ kind: 'replayed', line: 5 },
    },
    {
      what: 'an earlier file repeated at the end',
      tamper: (folder) => copyFileSync(join(folder, two), join(folder, `00000${segmentsOf(folder).length + 1}.jsonl`)),
      ...{ kind: 'replayed', file: 'next', line: 1 },
    },
    {
      what: 'the last line taken away',
      tamper: (folder) => edit(folder, last(), (lines) => lines.slice(0, -1)),
      ...{ kind: 'truncated', file: 'last', line: -1 },
    },
    {
      what: 'the last line cut in two',
      tamper: (folder) => truncateSync(join(folder, last()), readFileSync(join(folder, last())).length - 30),
      ...{ kind: 'altered', file: 'last', line: -1 },
    },
    {
      what: 'a file in the middle cut short',
      tamper: (folder) => truncateSync(join(folder, two), readFileSync(join(folder, two)).length - 30),
      ...{ kind: 'truncated', line: -1 },
    },
    {
      what: 'the last file gone',
      tamper: (folder) => rmSync(join(folder, last())),
      ...{ kind: 'truncated', file: 'before last', line: -2 },
    },
    {
      what: 'a file in the middle gone',
      tamper: (folder) => rmSync(join(folder, two)),
      ...{ kind: 'missing', line: 1 },
    },
    {
      what: 'the first file gone',
      tamper: (folder) => rmSync(join(folder, '000001.jsonl')),
      ...{ kind: 'missing', file: '000001.jsonl', line: 1 },
    },
    {
      what: 'a file gone and the later ones renamed over the gap',
      tamper: (folder) => {
        for (const [i, file] of segmentsOf(folder).entries()) {
          if (i >= 2) renameSync(join(folder, file), join(folder, `00000${i}.jsonl`));
        }
      },
      ...{ kind: 'missing', line: 1 },
    },
    {
      what: 'two files swapped',
      tamper: (folder) => swapFiles(folder, two, '000003.jsonl'),
      ...{ kind: 'reordered', line: 1 },
    },
    {
      what: 'a head changed',
      tamper: (folder) => replaceLine(folder, 'heads.jsonl', 2, (text) => text.replace(/"seq":\d+/, '"seq":5')),
      ...{ kind: 'bad-signature', file: 'heads.jsonl', line: 2 },
    },
    {
      what: 'a head with the signature of another',
      tamper: (folder) =>
        edit(folder, 'heads.jsonl', (lines) => {
          const [a, b, ...rest] = lines.map((text) => JSON.parse(text));
          return [canonicalJson(a), canonicalJson({ ...b, signature: a.signature }), ...rest.map(canonicalJson)];
        }),
      ...{ kind: 'bad-signature', file: 'heads.jsonl', line: 2 },
    },
    {
      what: 'two heads swapped',
      tamper: (folder) => edit(folder, 'heads.jsonl', (lines) => move(lines, 2, 3)),
      ...{ kind: 'reordered', file: 'heads.jsonl', line: 3 },
    },
    {
      what: 'no heads at all',
      tamper: (folder) => rmSync(join(folder, 'heads.jsonl')),
      ...{ kind: 'missing', file: 'heads.jsonl', line: 1 },
    },
  ])('$what: $kind', ({ tamper, kind, file = two, line }) =>
    afterTampering(tamper, async (folder, chainFolder) => {
      const segments = segmentsOf(join(pristine, chain));
      const named =
        {
          last: last(),
          'before last': segments.at(-2) as string,
          next: `00000${segments.length + 1}.jsonl`,
        }[file] ?? file;
      const wanted = line > 0 ? line : linesIn(named) + (line === -2 ? 1 : 0);
      const report = await verifyAudit({ folder });
      expect(report.isIntact).toBe(false);
      expect(report.chains[0]?.fault).toMatchObject({ kind, file: named, line: wanted, chain });
      expect(report.chains[0]?.fault?.message).toMatch(/^[A-Z].+\.$/);
      expect(chainFolder).toContain(chain);
    }),
  );
});

test('any one byte changed, and any tail cut off, anywhere, is seen', async () => {
  const files = [...segmentsOf(join(pristine, chain)), 'heads.jsonl'];
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'audit');
    await cp(pristine, folder, { recursive: true });
    const damage = fc.record({
      file: fc.constantFrom(...files),
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      isCut: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, at, byte, isCut }) => {
        const path = join(folder, chain, file);
        const original = readFileSync(path);
        const offset = at % original.length;
        fc.pre(isCut || original[offset] !== byte);
        const damaged = isCut ? original.subarray(0, offset) : Buffer.from(original);
        if (!isCut) damaged[offset] = byte;
        writeFileSync(path, damaged);
        const report = await verifyAudit({ folder });
        // Heads that are gone from the end leave records that nothing vouches for: that is said too
        expect(report.isIntact && report.chains[0]?.signedSeq === RECORDS + 3, `${file} at ${offset}`).toBe(false);
        writeFileSync(path, original);
      }),
      { numRuns: 150 },
    );
    expect((await verifyAudit({ folder })).isIntact).toBe(true);
  });
});

describe('a log put back to an earlier state, heads and all', () => {
  const rollBack = (chainFolder: string): void => {
    const heads = linesOf(chainFolder, 'heads.jsonl').slice(0, 3);
    writeLines(chainFolder, heads, 'heads.jsonl');
    for (const file of segmentsOf(chainFolder).slice(2)) rmSync(join(chainFolder, file));
  };

  test('looks intact by itself, but not to whoever kept a head', () =>
    afterTampering(rollBack, async (folder) => {
      expect((await verifyAudit({ folder })).isIntact).toBe(true);
      const kept = parseHead(linesOf(join(pristine, chain), 'heads.jsonl').at(-1) as string);
      const report = await verifyAudit({ folder, keptHeads: kept ? [kept] : [] });
      expect(report.chains[0]?.fault).toMatchObject({ kind: 'truncated', file: two });
    }));

  test('nor beside another chain that saw it later', () =>
    withTemporaryFolder(async (folder) => {
      const service = await openTestLog(folder, { segmentBytes: 2000 });
      const audit = service.actingAs(ACTOR);
      for (let i = 0; i < 20; i++) await audit.record(searchEvent(`person-${i}`));
      const command = await openTestLog(folder, { part: 'command-line' });
      await Promise.all([service.close(), command.close()]);
      expect((await verifyAudit({ folder })).isIntact).toBe(true);
      rollBack(join(folder, service.chain));
      const report = await verifyAudit({ folder });
      expect(report.chains[0]?.fault).toMatchObject({ kind: 'truncated', file: 'heads.jsonl', chain: service.chain });

      rmSync(join(folder, service.chain), { recursive: true });
      const without = await verifyAudit({ folder });
      expect(without.isIntact).toBe(false);
      expect(without.chains.at(-1)?.fault).toMatchObject({ kind: 'missing', chain: service.chain });
    }));
});

test('files of one chain are no good in another', () =>
  withTemporaryFolder(async (folder) => {
    const logs = [await openTestLog(folder, { segmentBytes: 2000 }), await openTestLog(folder, { segmentBytes: 2000 })];
    for (const log of logs) {
      for (let i = 0; i < 20; i++) await log.actingAs(ACTOR).record(searchEvent(`person-${i}`));
    }
    await Promise.all(logs.map((log) => log.close()));
    const [a, b] = logs.map((log) => join(folder, log.chain)) as [string, string];
    copyFileSync(join(b, two), join(a, two));
    expect((await verifyAudit({ folder })).chains[0]?.fault).toMatchObject({ kind: 'altered', file: two, line: 1 });
    copyFileSync(join(b, 'heads.jsonl'), join(a, 'heads.jsonl'));
    expect((await verifyAudit({ folder })).chains[0]?.fault).toMatchObject({ kind: 'replayed', file: 'heads.jsonl' });
    rmSync(a, { recursive: true });
    await cp(b, a, { recursive: true });
    expect((await verifyAudit({ folder })).isIntact, 'a chain under the name of another').toBe(false);
  }));

test('a log signed anew with another key does not pass for whoever kept the public key', () =>
  withTemporaryFolder(async (parent) => {
    const kept = join(parent, 'kept.pem');
    copyFileSync(join(pristine, 'public-key.pem'), kept);
    expect((await verifyAudit({ folder: pristine, publicKeyPath: kept })).isIntact).toBe(true);

    const forged = join(parent, 'audit');
    await writeLog(forged, { records: 3 });
    expect((await verifyAudit({ folder: forged })).isIntact).toBe(true);
    expect((await verifyAudit({ folder: forged, publicKeyPath: kept })).isIntact).toBe(false);
    const rsa = join(parent, 'rsa.pem');
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(rsa, publicKey.export({ type: 'spki', format: 'pem' }));
    await expect(verifyAudit({ folder: forged, publicKeyPath: rsa })).rejects.toThrow('Ed25519');
  }));

test('a log can be verified while it is written to', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder, { segmentBytes: 20_000, headEveryMs: 5 });
    const audit = log.actingAs(ACTOR);
    let isWriting = true;
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let i = 0; i < 150; i++) await audit.record(searchEvent(`person-${writer}-${i}`));
      }),
    ).finally(() => {
      isWriting = false;
    });
    let looks = 0;
    while (isWriting) {
      const report = await verifyAudit({ folder });
      expect(report.chains[0]?.fault).toBeUndefined();
      looks += 1;
    }
    await writing;
    await log.close();
    expect(looks).toBeGreaterThan(1);
    expect((await verifyAudit({ folder })).chains[0]).toMatchObject({ records: 1203, signedSeq: 1203 });
  }));
