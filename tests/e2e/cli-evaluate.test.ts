import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { kith, recordsOf } from '../support/kith-command.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';

// Each test starts processes that load the models
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let root: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-evaluate-'));
  env = { KITH_DATA_DIR: join(root, 'data') };
  const people: Readonly<Record<string, readonly FaceName[]>> = {
    'Ann <b>': ['ann', 'annElsewhere'],
    Bob: ['bob'],
    Cleo: ['cleo'],
    Dan: ['dan'],
  };
  for (const [name, faces] of Object.entries(people)) {
    await mkdir(join(root, 'people', name), { recursive: true });
    for (const face of faces) await writeFile(join(root, 'people', name, `${face}.jpg`), await portraitOf(face));
  }
  await writeFile(join(root, 'people', 'Dan', 'crowd.jpg'), samplePhoto(6));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('a folder a person becomes a report that stands alone, and figures for programs', async () => {
  const report = join(root, 'report.html');
  const groups = join(root, 'groups.csv');
  await writeFile(groups, 'Person;Group\nAnn <b>;north\nBob;north\nCleo;south\nDan;south\n');
  const args = ['evaluate', join(root, 'people'), '--report', report, '--groups', groups, '--with-pictures', '--json'];
  const result = await kith(args, { env });
  expect(result).toMatchObject({ code: 0 });

  const [refused, evaluation] = recordsOf(result.stdout);
  expect(refused).toMatchObject({ type: 'refused', file: 'Dan/crowd.jpg', person: 'Dan', reason: 'several-faces' });
  expect(evaluation).toMatchObject({
    type: 'evaluation',
    pack: 'fast',
    photos: 6,
    faces: 5,
    persons: 4,
    verification: { genuinePairs: 1, impostorPairs: 9 },
    groups: [{ group: 'north' }, { group: 'south' }],
  });
  expect(evaluation).toHaveProperty('verification.worstGenuine.0', {
    faces: [0, 1],
    score: expect.closeTo(0.71, 1),
    files: ['Ann <b>/ann.jpg', 'Ann <b>/annElsewhere.jpg'],
  });

  const page = await readFile(report, 'utf8');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|https?:|<b>\/|src="(?!data:)/);
  expect(page).toContain('Ann &#60;b&#62;');
  expect(page.match(/src="data:image\/jpeg/g)?.length).toBeGreaterThan(5);
});

test('without pictures the report holds none', async () => {
  const report = join(root, 'plain.html');
  const result = await kith(['evaluate', join(root, 'people'), '--report', report, '--face', 'largest'], { env });
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('Recommended targetFpir') });
  const page = await readFile(report, 'utf8');
  expect(page).not.toContain('<img');
  expect(page).toContain('<polyline');
});

test('too few people, no photos and no folder are said so', async () => {
  const bob = join(root, 'bob-only');
  await mkdir(join(bob, 'Bob'), { recursive: true });
  await writeFile(join(bob, 'Bob', '1.jpg'), await portraitOf('bob'));
  const few = await kith(['evaluate', bob, '--report', join(root, 'no.html')], { env });
  expect(few).toMatchObject({ code: 2, stderr: expect.stringContaining('At least 3 people are needed') });
  const missing = await kith(['evaluate', join(root, 'nowhere')], { env });
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no such file') });
});
