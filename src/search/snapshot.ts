import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GalleryRows, RowRange } from './gallery-rows.ts';
import { SCRATCH } from './layout.ts';
import { FrameReader, FrameWriter } from './snapshot-file.ts';
import type { RowsFrame } from './snapshot-frames.ts';

/** Between the index and the disk: nothing of a snapshot is ever written unsealed. Both are called in the file's order. */
export interface SnapshotCipher {
  seal(chunk: Uint8Array): Uint8Array;
  /** Throws when the bytes are not what `seal` gave. */
  open(sealed: Uint8Array): Uint8Array;
}

export interface SnapshotSource {
  readonly path: string;
  readonly cipher: SnapshotCipher;
  readonly signal?: AbortSignal;
}

export type LoadedSnapshot =
  /** Every change of the store after `changeNo` is yet to be applied. */
  | { readonly kind: 'loaded'; readonly changeNo: number; readonly enrolments: number }
  | { readonly kind: 'absent' }
  /** Torn, altered, of another version or sealed with another key: fill the index from the store. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Rows of one frame: a megabyte of 512-dimension templates, sealed within a millisecond. */
const FRAME_BYTES = 2 ** 20;

/**
 * Writes beside the file and puts it in place at the end, whole and on the disk. Rows that are added or removed
 * meanwhile may or may not be in it: applying all changes since `changeNo` again makes good for both.
 */
export async function saveSnapshot(
  target: SnapshotSource & { readonly changeNo: number },
  galleries: ReadonlyMap<number, GalleryRows>,
): Promise<void> {
  const draft = `${target.path}.${randomUUID()}.draft`;
  const file = await open(draft, 'wx', 0o600);
  const reading = [...galleries].map(([galleryNo, rows]) => ({ galleryNo, rows, ranges: rows.ranges() }));
  for (const { ranges } of reading) for (const { segment } of ranges) segment.beginReading();
  try {
    const writer = new FrameWriter(file, target.cipher);
    await writer.write({ kind: 'begin', changeNo: target.changeNo });
    let enrolments = 0;
    for (const { galleryNo, rows, ranges } of reading) {
      for (const range of ranges) {
        enrolments += await writeRange(writer, { galleryNo, rows, range, signal: target.signal });
      }
    }
    await writer.write({ kind: 'end', enrolments });
    await file.sync();
    await file.close();
    await rename(draft, target.path);
    await syncFolder(dirname(target.path));
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    for (const { ranges } of reading) for (const { segment } of ranges) segment.endReading();
  }
}

async function writeRange(
  writer: FrameWriter,
  from: {
    readonly galleryNo: number;
    readonly rows: GalleryRows;
    readonly range: RowRange;
    readonly signal: AbortSignal | undefined;
  },
): Promise<number> {
  const { galleryNo, rows, range, signal } = from;
  const { segment } = range;
  const frameRows = Math.floor(FRAME_BYTES / (rows.dims + 12));
  let written = 0;
  for (let first = range.from; first < range.to; first += frameRows) {
    signal?.throwIfAborted();
    const end = Math.min(range.to, first + frameRows);
    const frame = newRowsFrame({ galleryNo, rows, count: end - first });
    let count = 0;
    for (let row = first; row < end; row++) {
      if (!segment.isLive(row)) continue;
      const { arena } = segment.block;
      frame.scales[count] = segment.takeValues(row);
      const values = arena.scratch + SCRATCH.values;
      frame.values.set(arena.i8.subarray(values, values + rows.dims), count * rows.dims);
      frame.persons[count] = segment.persons[row] as number;
      frame.enrolments[count] = segment.enrolments[row] as number;
      count++;
    }
    if (count > 0) await writer.write({ ...frame, count });
    written += count;
    await nextTurn();
  }
  return written;
}

function newRowsFrame(of: {
  readonly galleryNo: number;
  readonly rows: GalleryRows;
  readonly count: number;
}): RowsFrame {
  const { galleryNo, rows, count } = of;
  return {
    kind: 'rows',
    galleryNo,
    vectorLength: rows.vectorLength,
    dims: rows.dims,
    count,
    persons: new Uint32Array(count),
    enrolments: new Uint32Array(count),
    scales: new Float32Array(count),
    values: new Int8Array(count * rows.dims),
  };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Calls `galleryOf` for each gallery in the file and fills it; what was filled before a fault is the caller's to empty. */
export async function loadSnapshot(
  source: SnapshotSource,
  galleryOf: (galleryNo: number, vectorLength: number) => GalleryRows,
): Promise<LoadedSnapshot> {
  let file: FileHandle;
  try {
    file = await open(source.path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  try {
    return await readFrames(new FrameReader(file, source.cipher), { source, galleryOf });
  } catch (error) {
    source.signal?.throwIfAborted();
    return { kind: 'unusable', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await file.close();
  }
}

async function readFrames(
  reader: FrameReader,
  into: {
    readonly source: SnapshotSource;
    readonly galleryOf: (galleryNo: number, vectorLength: number) => GalleryRows;
  },
): Promise<LoadedSnapshot> {
  let changeNo: number | undefined;
  let enrolments = 0;
  for (;;) {
    into.source.signal?.throwIfAborted();
    const frame = await reader.read();
    if (!frame) throw new Error('the snapshot ends before its end');
    if (changeNo === undefined) {
      if (frame.kind !== 'begin') throw new Error('the snapshot does not begin with its beginning');
      changeNo = frame.changeNo;
    } else if (frame.kind === 'end') {
      if (frame.enrolments !== enrolments)
        throw new Error(`the snapshot lacks rows: ${enrolments} of ${frame.enrolments}`);
      if (await reader.read()) throw new Error('the snapshot goes on after its end');
      return { kind: 'loaded', changeNo, enrolments };
    } else if (frame.kind === 'rows') {
      addRows(into.galleryOf(frame.galleryNo, frame.vectorLength), frame);
      enrolments += frame.count;
      await nextTurn();
    } else {
      throw new Error('the snapshot begins twice');
    }
  }
}

function addRows(gallery: GalleryRows, frame: RowsFrame): void {
  if (gallery.dims !== frame.dims) throw new Error('the snapshot has templates of several lengths in one gallery');
  for (let i = 0; i < frame.count; i++) {
    gallery.addValues(frame.values.subarray(i * frame.dims, (i + 1) * frame.dims), {
      scale: frame.scales[i] as number,
      personNo: frame.persons[i] as number,
      enrolmentNo: frame.enrolments[i] as number,
    });
  }
}
