// Imports that are cut off: what was acknowledged is there, and nothing is there twice.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type JsonRecord, kith, recordsOf, startKith } from '../support/kith-command.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';

// Each test starts several processes, which load the models
vi.setConfig({ testTimeout: 240_000 });

const NAMES: readonly FaceName[] = ['ann', 'bob', 'cleo', 'dan'];
const PHOTOS_EACH = 12;
const PHOTOS = NAMES.length * PHOTOS_EACH;

let root: string;
let people: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-import-'));
  people = join(root, 'people');
  for (const name of NAMES) {
    await mkdir(join(people, name), { recursive: true });
    const portrait = await portraitOf(name);
    for (let n = 0; n < PHOTOS_EACH; n++) {
      // Other bytes, the same face
      const photo = await sharp(portrait)
        .modulate({ brightness: 0.9 + 0.02 * n })
        .jpeg()
        .toBuffer();
      await writeFile(join(people, name, `${n}.jpg`), photo);
    }
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const args = () => ['enrol', people, '--gallery', 'club', '--json', '--jobs', '2'];

/** Lines of JSON until `enough` photos are enrolled. */
async function readUntil(child: ChildProcessWithoutNullStreams, enough: number): Promise<JsonRecord[]> {
  const enrolled: JsonRecord[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const record = JSON.parse(line) as JsonRecord;
    if (record.type === 'enrolled') enrolled.push(record);
    if (enrolled.length >= enough) break;
  }
  return enrolled;
}

async function facesByPerson(dataDir: string): Promise<Record<string, unknown>> {
  const { stdout } = await kith(['people', 'list', '-g', 'club', '--json'], { env: { KITH_DATA_DIR: dataDir } });
  const listed = recordsOf(stdout);
  expect(new Set(listed.map(({ name }) => name)).size).toBe(listed.length);
  return Object.fromEntries(listed.map(({ name, faces }) => [name, faces]));
}

const EVERYTHING = Object.fromEntries(NAMES.map((name) => [name, PHOTOS_EACH]));

test('killed in the middle and run again: every acknowledged face is there and found, none twice', async () => {
  const dataDir = join(root, 'killed');
  const env = { KITH_DATA_DIR: dataDir };
  const child = startKith(args(), { env });
  const acknowledged = await readUntil(child, 9);
  child.kill('SIGKILL');
  await once(child, 'close');

  const before = await facesByPerson(dataDir);
  const total = Object.values(before).reduce((sum: number, faces) => sum + Number(faces), 0);
  expect(total).toBeGreaterThanOrEqual(acknowledged.length);
  expect(total).toBeLessThan(PHOTOS);
  const someone = String(acknowledged[0]?.person) as FaceName;
  const found = await kith(['identify', '-', '-g', 'club', '--json'], { env, input: await portraitOf(someone) });
  expect(recordsOf(found.stdout)).toMatchObject([{ faces: [{ outcome: 'match', candidates: [{ name: someone }] }] }]);

  const again = recordsOf((await kith(args(), { env })).stdout);
  const already = again.filter(({ type }) => type === 'already-enrolled');
  const faceIds = new Map(already.map(({ file, faceId }) => [file, faceId]));
  for (const { file, faceId } of acknowledged) expect(faceIds.get(file)).toBe(faceId);
  expect(already).toHaveLength(total);
  expect(again.at(-1)).toMatchObject({ type: 'summary', enrolled: PHOTOS - total, alreadyEnrolled: total, refused: 0 });
  expect(await facesByPerson(dataDir)).toEqual(EVERYTHING);

  const third = recordsOf((await kith(args(), { env })).stdout);
  expect(third.at(-1)).toMatchObject({ enrolled: 0, alreadyEnrolled: PHOTOS });
});

test('stopped by Ctrl-C: what is under way is finished, and it says how to go on', async () => {
  const dataDir = join(root, 'stopped');
  const env = { KITH_DATA_DIR: dataDir };
  const child = startKith(['enrol', people, '--gallery', 'club', '--json', '--jobs', '1'], { env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const rest: JsonRecord[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    rest.push(JSON.parse(line) as JsonRecord);
    if (rest.length === 5) child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(130);
  expect(stderr).toContain('Run the same command again');
  const summary = rest.at(-1);
  expect(summary).toMatchObject({ type: 'summary', interrupted: true, refused: 0, trained: true });
  const enrolled = rest.filter(({ type }) => type === 'enrolled');
  expect(summary).toMatchObject({ enrolled: enrolled.length });
  expect(enrolled.length).toBeLessThan(PHOTOS);

  expect(await kith(args(), { env })).toMatchObject({ code: 0 });
  expect(await facesByPerson(dataDir)).toEqual(EVERYTHING);
});

test('two imports at once: the second is refused, as it could make a person twice', async () => {
  const dataDir = join(root, 'both');
  const env = { KITH_DATA_DIR: dataDir };
  const first = startKith(args(), { env });
  await readUntil(first, 1);
  // Held where it is, so that it can't be through before the second begins
  first.kill('SIGSTOP');
  const second = await kith(args(), { env });
  expect(second).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('Another kith enrol is at work'),
  });
  first.kill('SIGKILL');
  await once(first, 'close');
  // A dead import is no hindrance
  expect(await kith(args(), { env })).toMatchObject({ code: 0 });
});
