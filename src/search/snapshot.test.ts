import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { embeddingMaker } from '../../tests/search/embeddings.ts';
import type { IndexRow } from '../core/ports.ts';
import { createGalleryIndex, type KeptGalleryIndex } from './gallery-index.ts';
import type { SnapshotCipher } from './snapshot.ts';

let folder: string;
let path: string;
const opened: KeptGalleryIndex[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-snapshot-'));
  path = join(folder, 'index.snapshot');
});
afterEach(async () => {
  for (const index of opened.splice(0)) await index.close();
  await rm(folder, { recursive: true });
});

async function openIndex(): Promise<KeptGalleryIndex> {
  const index = await createGalleryIndex({ threads: 1 });
  opened.push(index);
  return index;
}

function cipherOf(key: Buffer): SnapshotCipher {
  return {
    seal(chunk) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed) {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
      decipher.setAuthTag(sealed.subarray(-16));
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    },
  };
}

const cipher = cipherOf(randomBytes(32));
const make = embeddingMaker(256, 8);
const rowsOf = (count: number, firstNo: number): IndexRow[] =>
  Array.from({ length: count }, (_, i) => ({
    personNo: Math.floor(i / 3),
    enrolmentNo: firstNo + i,
    vector: make.stranger(),
  }));

async function answers(index: KeptGalleryIndex, galleryNo: number, rows: readonly IndexRow[]) {
  const answers = [];
  for (let i = 0; i < rows.length; i += 97) {
    const { vector } = rows[i] as IndexRow;
    answers.push(await index.search(galleryNo, { vector, maxPersons: 20, minScore: -1 }));
  }
  return answers;
}

test('what was saved answers as before, in every bit', async () => {
  const index = await openIndex();
  const [one, two] = [rowsOf(2500, 1), rowsOf(40, 10_000)];
  await index.add(1, one);
  await index.add(2, two);
  const removed = one.filter((_, i) => i % 5 === 0).map(({ enrolmentNo }) => enrolmentNo);
  await index.remove(1, removed);
  await index.saveSnapshot({ path, cipher, changeNo: 77 });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['index.snapshot']);

  const again = await openIndex();
  expect(await again.loadSnapshot({ path, cipher })).toEqual({ kind: 'loaded', changeNo: 77, enrolments: 2040 });
  for (const [no, rows] of [
    [1, one],
    [2, two],
  ] as const) {
    expect(again.size(no)).toEqual(index.size(no));
    expect(await answers(again, no, rows)).toEqual(await answers(index, no, rows));
  }
  // Applying changes once more changes nothing
  await again.add(2, two);
  await again.remove(1, removed);
  expect(again.size(2)).toEqual(index.size(2));
  expect(await answers(again, 2, two)).toEqual(await answers(index, 2, two));
});

test('an empty index is saved and loaded too; a missing file is told from a bad one', async () => {
  const index = await openIndex();
  expect(await index.loadSnapshot({ path, cipher })).toEqual({ kind: 'absent' });
  await index.saveSnapshot({ path, cipher, changeNo: 0 });
  expect(await index.loadSnapshot({ path, cipher })).toEqual({ kind: 'loaded', changeNo: 0, enrolments: 0 });
});

test('changes while it is saved do no harm once they are applied again', async () => {
  const index = await openIndex();
  const rows = rowsOf(4000, 1);
  await index.add(1, rows);
  const later = rowsOf(500, 5000);
  const removed = rows.slice(0, 3000).map(({ enrolmentNo }) => enrolmentNo);
  await Promise.all([index.saveSnapshot({ path, cipher, changeNo: 5 }), index.remove(1, removed), index.add(1, later)]);
  const again = await openIndex();
  expect(await again.loadSnapshot({ path, cipher })).toMatchObject({ kind: 'loaded', changeNo: 5 });
  await again.remove(1, removed);
  await again.add(1, later);
  expect(again.size(1)).toEqual(index.size(1));
  expect(await answers(again, 1, later)).toEqual(await answers(index, 1, later));
});

test('every way of being torn or altered is noticed, and leaves the index empty and of use', async () => {
  const index = await openIndex();
  const rows = rowsOf(9000, 1);
  await index.add(1, rows);
  await index.saveSnapshot({ path, cipher, changeNo: 5 });
  const whole = await readFile(path);
  await index.saveSnapshot({ path, cipher, changeNo: 6 });
  const other = await readFile(path);
  const firstFrameEnd = 8 + 8 + whole.readUInt32LE(8);
  const secondFrameEnd = firstFrameEnd + 8 + whole.readUInt32LE(firstFrameEnd);
  const flipped = (at: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const faults: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    'no magic': flipped(3),
    'a bit in the first frame': flipped(30),
    'a bit in the middle': flipped(whole.length >> 1),
    'a bit in a checksum': flipped(firstFrameEnd + 5),
    'a bit in a length': flipped(firstFrameEnd + 1),
    'cut in a frame': whole.subarray(0, whole.length >> 1),
    'cut after the first frame': whole.subarray(0, firstFrameEnd),
    'cut after the second frame': whole.subarray(0, secondFrameEnd),
    'cut before the last byte': whole.subarray(0, whole.length - 1),
    'more after the end': Buffer.concat([whole, whole.subarray(8, firstFrameEnd)]),
    'a frame left out': Buffer.concat([whole.subarray(0, firstFrameEnd), whole.subarray(secondFrameEnd)]),
    'a frame of another snapshot': Buffer.concat([other.subarray(0, firstFrameEnd), whole.subarray(firstFrameEnd)]),
  };
  for (const [fault, bytes] of Object.entries(faults)) {
    await writeFile(path, bytes);
    const again = await openIndex();
    expect(await again.loadSnapshot({ path, cipher }), fault).toMatchObject({ kind: 'unusable' });
    expect(again.stats(), fault).toMatchObject({ galleries: 0, enrolments: 0 });
    await again.add(1, rows.slice(0, 10));
    expect(again.size(1).enrolments).toBe(10);
  }
  await writeFile(path, whole);
  const again = await openIndex();
  expect(await again.loadSnapshot({ path, cipher: cipherOf(randomBytes(32)) })).toMatchObject({ kind: 'unusable' });
  expect(await again.loadSnapshot({ path, cipher })).toMatchObject({ kind: 'loaded', changeNo: 5 });
});

test('nothing is written in the clear', async () => {
  const index = await openIndex();
  const rows = rowsOf(300, 1);
  await index.add(1, rows);
  const seen: Uint8Array[] = [];
  const watching: SnapshotCipher = {
    seal(chunk) {
      seen.push(chunk.slice());
      return cipher.seal(chunk);
    },
    open: cipher.open,
  };
  await index.saveSnapshot({ path, cipher: watching, changeNo: 5 });
  const file = await readFile(path);
  expect(seen.length).toBe(3);
  for (const chunk of seen) {
    for (let at = 0; at + 16 <= chunk.length; at += 16) {
      expect(file.includes(Buffer.from(chunk.subarray(at, at + 16)))).toBe(false);
      if (at > 4096) break;
    }
  }
});

test('a save that is given up leaves the old file and no draft', async () => {
  const index = await openIndex();
  await index.add(1, rowsOf(50, 1));
  await index.saveSnapshot({ path, cipher, changeNo: 5 });
  await index.add(1, rowsOf(9000, 100));
  const controller = new AbortController();
  const saving = index.saveSnapshot({ path, cipher, changeNo: 6, signal: controller.signal });
  controller.abort();
  await expect(saving).rejects.toMatchObject({ name: 'AbortError' });
  expect(await readdir(folder)).toEqual(['index.snapshot']);
  const again = await openIndex();
  expect(await again.loadSnapshot({ path, cipher })).toEqual({ kind: 'loaded', changeNo: 5, enrolments: 50 });
});
