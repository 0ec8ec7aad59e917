import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { kith, recordsOf } from '../support/kith-command.ts';
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

test('a gallery that is not there is refused by name', async () => {
  const refused = await kith(['duplicates', '-g', 'nowhere'], { env });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('there are: club') });
});
