// An import through a service that is killed in the middle: nothing acknowledged is lost, and nothing is there twice.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { type JsonRecord, kith, recordsOf, startKith } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';

vi.setConfig({ testTimeout: 240_000 });

const KEY = 'a-key-for-this-test-alone-0123456789';
const PHOTOS_EACH = 5;

let root: string;
let service: ChildProcess | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-broken-'));
  await writeFile(join(root, 'key'), KEY, { mode: 0o600 });
  for (const name of ['ann', 'bob'] as const) {
    await mkdir(join(root, 'people', name), { recursive: true });
    const portrait = await portraitOf(name);
    for (let n = 0; n < PHOTOS_EACH; n++) {
      // Other bytes, the same face
      const photo = await sharp(portrait)
        .modulate({ brightness: 0.9 + 0.05 * n })
        .jpeg()
        .toBuffer();
      await writeFile(join(root, 'people', name, `${n}.jpg`), photo);
    }
  }
});
afterAll(async () => {
  service?.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

test('killed in the middle and started again: the import goes on by itself, or when it is run again', async () => {
  const port = await freePort();
  const start = () => startBuiltService({ dataDir: join(root, 'data'), port, key: KEY });
  service = await start();
  const remote = ['--url', `http://127.0.0.1:${port}`, '--key-file', join(root, 'key'), '--json'];
  const args = ['enrol', join(root, 'people'), '-g', 'club', '--jobs', '2', ...remote];

  const child = startKith(args);
  const ended = once(child, 'close');
  const acknowledged: JsonRecord[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line) as JsonRecord);
    if (acknowledged.length === 3) {
      service.kill('SIGKILL');
      await once(service, 'close');
      service = await start();
    }
  }
  const [code] = await ended;
  // Whatever became of the rest: something was enrolled
  expect([0, 1]).toContain(code);

  const again = await kith(args);
  expect(again).toMatchObject({ code: 0 });
  const told = recordsOf(again.stdout);
  const faceIds = new Map(told.map(({ file, faceId }) => [file, faceId]));
  const enrolled = acknowledged.filter(({ type }) => type === 'enrolled');
  expect(enrolled.length).toBeGreaterThanOrEqual(3);
  for (const { file, faceId } of enrolled) expect(faceIds.get(file)).toBe(faceId);
  const people = await kith(['people', 'list', '-g', 'club', ...remote]);
  expect(recordsOf(people.stdout).map(({ name, faces }) => [name, faces])).toEqual(
    expect.arrayContaining([
      ['ann', PHOTOS_EACH],
      ['bob', PHOTOS_EACH],
    ]),
  );
  expect(recordsOf(people.stdout)).toHaveLength(2);
});
