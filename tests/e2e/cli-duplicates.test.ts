import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openRecords } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { seededRandom } from '../../src/core/statistics/seeded-random.ts';
import { kith, recordsOf, startKith } from '../support/kith-command.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';

// Each test starts several processes, which load the models
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let root: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-duplicates-'));
  env = { KITH_DATA_DIR: join(root, 'data') };
  const people: Readonly<Record<string, FaceName>> = { Ann: 'ann', Bob: 'bob', Cleo: 'cleo', 'A. N.': 'annElsewhere' };
  for (const [name, face] of Object.entries(people)) {
    await mkdir(join(root, 'people', name), { recursive: true });
    await writeFile(join(root, 'people', name, '1.jpg'), await portraitOf(face));
  }
  const enrolled = await kith(['enrol', join(root, 'people'), '-g', 'club'], { env });
  expect(enrolled).toMatchObject({ code: 0 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('a woman enrolled under two names is the pair to look at', async () => {
  const table = await kith(['duplicates', '-g', 'club'], { env });
  expect(table).toMatchObject({ code: 0 });
  expect(table.stdout).toMatch(/^(Ann +A\. N\.|A\. N\. +Ann) +0\.7/m);
  expect(table.stdout).toContain('1 pair to look at');

  const json = await kith(['duplicates', '-g', 'club', '--json'], { env });
  const [pair, summary] = recordsOf(json.stdout);
  expect(pair).toMatchObject({ type: 'duplicate', score: expect.closeTo(0.71, 1) });
  expect(pair?.people).toEqual(
    expect.arrayContaining([expect.objectContaining({ person: 'Ann' }), expect.objectContaining({ person: 'A. N.' })]),
  );
  expect(summary).toEqual({ type: 'summary', gallery: 'club', pairs: 1, interrupted: false });
});

test('a run that was stopped goes on, keeps what it had found, and forgets its place when it is through', async () => {
  const found = recordsOf((await kith(['duplicates', '-g', 'club', '--json'], { env })).stdout);
  const people = found[0]?.people as readonly { readonly personId: string; readonly faceId: string }[];
  const pair = {
    personIds: people.map(({ personId }) => personId),
    enrolmentIds: people.map(({ faceId }) => faceId),
    score: 0.71,
    expectedByChance: 1e-9,
  };
  const folder = join(env.KITH_DATA_DIR as string, 'duplicates');
  await mkdir(folder, { recursive: true });
  // As a run leaves it that was stopped after the last enrolment but one
  const saved = { recognitionModel: 'recognition_04', doneEnrolmentNo: 1_000_000, pairs: [pair] };
  await writeFile(join(folder, '1.json'), JSON.stringify(saved));

  const resumed = await kith(['duplicates', '-g', 'club', '--json'], { env });
  expect(resumed.stderr).toContain('Going on where the last run was stopped');
  expect(recordsOf(resumed.stdout)[0]).toMatchObject({ type: 'duplicate', score: 0.71 });
  expect(await readdir(folder)).toEqual([]);

  // The gallery has changed its model since: what was found by the old one is of no use
  await writeFile(join(folder, '1.json'), JSON.stringify({ ...saved, recognitionModel: 'another' }));
  const anew = await kith(['duplicates', '-g', 'club', '--json'], { env });
  expect(anew.stderr).not.toContain('Going on');
  expect(recordsOf(anew.stdout)).toEqual(found);
});

test('a pair that was dismissed is no longer found, not even by a run that had found it, until that is taken back', async () => {
  const json = async (...args: string[]) => {
    const ran = await kith([...args, '-g', 'club', '--json'], { env });
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    return recordsOf(ran.stdout);
  };
  const [found] = await json('duplicates');
  const people = found?.people as readonly { readonly personId: string; readonly faceId: string }[];
  const personIds = people.map(({ personId }) => personId);

  const dismissed = await kith(['duplicates', 'dismiss', 'A. N.', 'Ann', '-g', 'club'], { env });
  expect(dismissed).toMatchObject({ code: 0, stdout: expect.stringContaining('A. N. and Ann are two people.') });
  expect(dismissed.stderr).toMatch(/kith duplicates undismiss [0-9a-f-]{36} [0-9a-f-]{36} -g club/);
  // Said twice it is said once
  const [again] = await json('duplicates', 'dismiss', 'Ann', 'A. N.');
  expect(again).toMatchObject({ type: 'pair-dismissed', personIds: expect.arrayContaining(personIds) });
  const summary = { type: 'summary', gallery: 'club', pairs: 0, interrupted: false };
  expect(await json('duplicates')).toEqual([summary]);
  expect(await json('duplicates', 'find')).toEqual([summary]);
  expect(await json('duplicates', 'dismissed')).toEqual([
    {
      type: 'dismissed-pair',
      people: people.map(({ personId }) => ({ personId, person: expect.stringMatching(/^(Ann|A\. N\.)$/) })),
      keyId: 'command-line',
      dismissedAt: expect.any(String),
    },
  ]);
  const list = await kith(['duplicates', 'dismissed', '-g', 'club'], { env });
  expect(list.stdout).toMatch(/^(Ann +A\. N\.|A\. N\. +Ann) +\d{4}-\d\d-\d\d +command-line/m);
  expect(list.stdout).toContain('1 pair dismissed');

  const folder = join(env.KITH_DATA_DIR as string, 'duplicates');
  const enrolmentIds = people.map(({ faceId }) => faceId);
  const pair = { personIds, enrolmentIds, score: 0.71, expectedByChance: 1e-9 };
  const saved = { recognitionModel: 'recognition_04', doneEnrolmentNo: 1_000_000, pairs: [pair] };
  await writeFile(join(folder, '1.json'), JSON.stringify(saved));
  expect(await json('duplicates')).toEqual([summary]);
  // Other templates, the same people
  expect(await kith(['gallery', 'rekey', 'club'], { env })).toMatchObject({ code: 0 });
  expect(await json('duplicates')).toEqual([summary]);

  await json('duplicates', 'undismiss', 'Ann', 'A. N.');
  expect(await json('duplicates', 'dismissed')).toEqual([]);
  expect(await json('duplicates')).toMatchObject([{ type: 'duplicate' }, { pairs: 1 }]);
});

test('what can be no pair is refused, and nothing else changes', async () => {
  const refused = async (...args: string[]) => {
    const ran = await kith(['duplicates', ...args], { env });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    return ran.stderr;
  };
  expect(await refused('dismiss', 'Ann', 'Ann', '-g', 'club')).toContain('They are one person: name two.');
  expect(await refused('dismiss', 'Ann', 'Nobody', '-g', 'club')).toContain('nobody called "Nobody"');
  expect(await refused('undismiss', 'Ann', randomUUID(), '-g', 'club')).toContain('There is no person');
  expect(await refused('dismiss', 'Ann', '-g', 'club')).toContain("missing required argument 'other'");
  expect(await refused('dismissed')).toContain("'-g, --gallery <id>' not specified");
  expect(await refused('dismissed', '-g', 'nowhere')).toContain('there are: club');
  expect(await refused()).toContain("'-g, --gallery <id>' not specified");
  expect(await refused('dismis', 'Ann', 'Bob', '-g', 'club')).toContain('too many arguments');
});

test('a run over thousands that was killed goes on where it was, and finds every pair', async () => {
  const persons = 6000;
  const duplicates = 6;
  const largeEnv = { KITH_DATA_DIR: join(root, 'large') };
  await enrolStrangers(largeEnv, { persons, duplicates });
  const args = ['duplicates', '-g', 'crowd', '--json'];
  const place = join(largeEnv.KITH_DATA_DIR, 'duplicates', '1.json');

  const killed = startKith(args, { env: largeEnv });
  const gone = once(killed, 'close');
  await vi.waitUntil(() => existsSync(place), { timeout: 60_000, interval: 5 });
  killed.kill('SIGKILL');
  await gone;
  const { doneEnrolmentNo } = JSON.parse(await readFile(place, 'utf8'));
  expect(doneEnrolmentNo).toBeGreaterThan(0);
  expect(doneEnrolmentNo).toBeLessThan(persons);

  const resumed = await kith(args, { env: largeEnv });
  expect(resumed.stderr).toContain('Going on where the last run was stopped');
  const records = recordsOf(resumed.stdout);
  expect(records.at(-1)).toEqual({ type: 'summary', gallery: 'crowd', pairs: duplicates, interrupted: false });
  for (const pair of records.slice(0, -1)) expect(pair).toMatchObject({ score: expect.closeTo(0.8, 1) });
  expect(existsSync(place)).toBe(false);
});

test('a gallery that is not there is refused by name', async () => {
  const refused = await kith(['duplicates', '-g', 'nowhere'], { env });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('there are: club') });
});

/** Made-up people in random directions; the first few are enrolled again at the end, with a cosine of .8. */
async function enrolStrangers(
  largeEnv: Readonly<Record<string, string>>,
  { persons, duplicates }: { readonly persons: number; readonly duplicates: number },
): Promise<void> {
  const random = seededRandom(4);
  const direction = () => unit(Float32Array.from({ length: 512 }, () => random() + random() + random() + random() - 2));
  const records = await openRecords(loadConfig(largeEnv), 'command-line');
  try {
    const ref = { tenantId: 'default', kind: 'large-person', galleryId: 'crowd' } as const;
    await records.store.createGallery({ ...ref, name: 'Crowd', recognitionModel: 'recognition_04', createdMs: 0 });
    const first = Array.from({ length: persons - duplicates }, direction);
    const again = first.slice(0, duplicates).map((vector) => {
      const other = direction();
      return unit(vector.map((value, i) => 0.8 * value + 0.6 * (other[i] as number)));
    });
    const people = [...first, ...again].map((vector, i) => {
      const wrappedKey = records.vault.newPersonKey(ref.tenantId);
      const enrolment = {
        enrolmentId: randomUUID(),
        box: { leftPx: 0, topPx: 0, widthPx: 100, heightPx: 100 },
        quality: { level: 'high' as const, reasons: [] },
        packId: 'fast',
        sealedTemplate: records.vault.sealTemplate(ref.tenantId, wrappedKey, vector),
        createdMs: 0,
      };
      return {
        person: { personId: randomUUID(), name: `Person ${i}`, wrappedKey, createdMs: 0 },
        enrolments: [enrolment],
      };
    });
    await records.store.importPersons(ref, people);
  } finally {
    await records.close();
  }
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
