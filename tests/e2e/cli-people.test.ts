// Keeping a gallery in order from the command line: real processes, real photos.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type JsonRecord, kith, recordsOf } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';

// Each test starts several processes
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-people-'));
  for (const [name, who] of [
    ['Ann', 'ann'],
    ['Anne', 'annElsewhere'],
    ['Bob', 'bob'],
  ] as const) {
    await mkdir(join(root, 'people', name), { recursive: true });
    await writeFile(join(root, 'people', name, '1.jpg'), await portraitOf(who));
  }
  await run('gallery', 'create', 'club', '--name', 'The club', '--keep-photos');
  await run('enrol', join(root, 'people'), '-g', 'club', '--min-quality', 'low');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const command = (...args: string[]) => kith(args, { env: { KITH_DATA_DIR: join(root, 'data') } });

async function run(...args: string[]): Promise<JsonRecord[]> {
  const { code, stdout, stderr } = await command('--json', ...args);
  if (code !== 0) throw new Error(`kith ${args.join(' ')}: ${stderr}`);
  return recordsOf(stdout);
}

const names = async () => (await run('people', 'list', '-g', 'club')).map(({ name }) => name).sort();
const faceIds = async (person: string) => {
  const [shown] = (await run('people', 'show', person, '-g', 'club')) as [JsonRecord & { faces: { faceId: string }[] }];
  return shown.faces.map(({ faceId }) => faceId);
};

test('two who are one are merged, and parted again', async () => {
  const merge = ['people', 'merge', 'Anne', 'Ann', '-g', 'club'];
  const asked = await command(...merge);
  expect(asked).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/Anne with 1 photo.*Ann with 1.*--yes/),
  });
  const [merged] = await run(...merge, '--yes');
  expect(await names()).toEqual(['Ann', 'Bob']);
  expect(await faceIds('Ann')).toHaveLength(2);
  const shown = await command('people', 'show', 'Ann', '-g', 'club');
  expect(shown.stdout).toContain(`kith people unmerge ${merged?.mergeId} -g club`);
  await run('people', 'unmerge', String(merged?.mergeId), '-g', 'club');
  expect(await names()).toEqual(['Ann', 'Anne', 'Bob']);
});

test('a photo goes to whom it belongs, new or known', async () => {
  const [face = ''] = await faceIds('Anne');
  await run('people', 'split', 'Anne', '--faces', face, '--as', 'Anna', '-g', 'club');
  expect(await faceIds('Anna')).toEqual([face]);
  await run('people', 'split', 'Anna', '--faces', face, '--to', 'Anne', '-g', 'club');
  expect(await faceIds('Anne')).toEqual([face]);
  expect((await command('people', 'split', 'Bob', '--faces', face, '--to', 'Anne', '-g', 'club')).code).toBe(2);
});

test('a name that two have names neither', async () => {
  await run('people', 'rename', 'Anna', 'Bob', '-g', 'club');
  const { code, stderr } = await command('people', 'erase', 'Bob', '-g', 'club', '--yes');
  expect(code).toBe(2);
  expect(stderr).toMatch(/Several people are called "Bob": name one by the id, of [0-9a-f-]{36}, [0-9a-f-]{36}\./);
});

test('settings change, and the figures follow', async () => {
  const [before] = await run('gallery', 'stats', 'club');
  expect(before).toMatchObject({ people: 4, faces: 3, keepPhotos: true, targetFpir: 0.01, model: 'fast' });
  const unasked = await command('gallery', 'set', 'club', '--no-keep-photos');
  expect(unasked).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/pictures that are kept of 3 photos.*--yes/),
  });
  expect((await run('gallery', 'stats', 'club'))[0]).toMatchObject({ keepPhotos: true });
  await run('gallery', 'set', 'club', '--target-fpir', '0.0001', '--no-keep-photos', '--yes');
  const [after] = await run('gallery', 'stats', 'club');
  expect(after).toMatchObject({ keepPhotos: false, targetFpir: 0.0001 });
  expect(Number(after?.threshold)).toBeGreaterThan(Number(before?.threshold));
  expect((await command('gallery', 'set', 'club')).code).toBe(2);
});

test('nothing is erased without a yes, and everything with it', async () => {
  const asked = await command('gallery', 'delete', 'club');
  expect(asked).toMatchObject({ code: 2, stdout: '' });
  expect(asked.stderr).toContain('with 4 people and 3 photos for good. Nothing was done: add --yes');
  expect((await command('people', 'erase', 'Ann', '-g', 'club')).code).toBe(2);
  // Named twice, she is erased once
  expect(await run('people', 'erase', 'Ann', 'Ann', '-g', 'club', '--yes')).toMatchObject([
    { type: 'person-erased', galleryId: 'club', faces: 1 },
  ]);
  expect(await run('gallery', 'delete', 'club', '--yes')).toMatchObject([{ people: 3, faces: 2 }]);
  expect(await run('gallery', 'list')).toEqual([]);
});

test('the doctor finds what was made wrong, and nothing else', async () => {
  await chmod(join(root, 'data', 'master.key'), 0o644);
  const { code, stdout } = await command('doctor', '--json');
  expect(code).toBe(1);
  const findings = recordsOf(stdout);
  expect(findings.filter(({ outcome }) => outcome === 'fault')).toMatchObject([
    { check: 'master key', message: expect.stringContaining('chmod 600') },
  ]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(
      'version node models search time data disk tls database audit service'.split(' ').concat('master key'),
    ),
  );
});

test('faces of photos are sorted by person', async () => {
  const groups = (await run(
    'group',
    ...['Ann', 'Anne', 'Bob'].map((name) => join(root, 'people', name, '1.jpg')),
  )) as (JsonRecord & {
    readonly faces: readonly { readonly file: string }[];
  })[];
  expect(groups.map(({ faces }) => faces.map(({ file }) => file.split('/').at(-2)))).toEqual([
    ['Ann', 'Anne'],
    ['Bob'],
  ]);
});
