// The gallery and the queries of the search benchmark, in files that each engine's process reads.
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticPeople } from '../synthetic-templates.ts';

export const DIMS = 512;
export const ROW_BYTES = DIMS * 4;
const BATCH_ROWS = 10_000;
/** People nobody enrolled begin here. */
const FIRST_STRANGER = 100_000_000;

/** Real templates: the first of each person is enrolled, the others are searched with. */
export interface RealTemplates {
  readonly enrolled: readonly Float32Array[];
  readonly probes: readonly { readonly vector: Float32Array; readonly row: number }[];
}

export interface Query {
  readonly vector: Float32Array;
  /** Row of the same person; −1 for somebody who isn't enrolled. */
  readonly mateRow: number;
  readonly kind: 'mated' | 'non-mated' | 'real';
}

export interface DatasetOptions {
  readonly folder: string;
  readonly rows: number;
  readonly seed: number;
  readonly mated: number;
  readonly nonMated: number;
  readonly real?: RealTemplates;
}

const galleryPath = (folder: string): string => join(folder, 'gallery.f32');
const queriesPath = (folder: string, rows: number): string => join(folder, `queries-${rows}.bin`);

/** Writes the largest gallery; smaller ones are its beginning, so that real people are in each. */
export function writeGallery(options: Omit<DatasetOptions, 'mated' | 'nonMated'>): void {
  const people = syntheticPeople(options.seed);
  const file = openSync(galleryPath(options.folder), 'w');
  const batch = new Float32Array(BATCH_ROWS * DIMS);
  const enrolled = options.real?.enrolled ?? [];
  for (let first = 0; first < options.rows; first += BATCH_ROWS) {
    const count = Math.min(BATCH_ROWS, options.rows - first);
    for (let i = 0; i < count; i++) batch.set(enrolled[first + i] ?? people.template(first + i), i * DIMS);
    writeSync(file, batch, 0, count * ROW_BYTES);
  }
  closeSync(file);
}

/** Queries for a gallery of so many rows: other photos of enrolled people, and people nobody enrolled. */
export function writeQueries(options: DatasetOptions): void {
  const people = syntheticPeople(options.seed + 1);
  // Same people as in the gallery, other photos: the noise goes on from where seven photos were taken
  const enrolled = syntheticPeople(options.seed);
  for (let i = 0; i < 7; i++) enrolled.template(i);
  const firstSynthetic = options.real?.enrolled.length ?? 0;
  const queries: Query[] = [];
  for (let i = 0; i < options.mated; i++) {
    const mateRow = firstSynthetic + Math.floor(((options.rows - firstSynthetic) * (i + 0.5)) / options.mated);
    queries.push({ vector: enrolled.template(mateRow), mateRow, kind: 'mated' });
  }
  for (let i = 0; i < options.nonMated; i++) {
    queries.push({ vector: people.template(FIRST_STRANGER + i), mateRow: -1, kind: 'non-mated' });
  }
  for (const { vector, row } of options.real?.probes ?? []) queries.push({ vector, mateRow: row, kind: 'real' });
  const lines = queries.map(({ mateRow, kind, vector }) => ({
    mateRow,
    kind,
    vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
  }));
  writeFileSync(queriesPath(options.folder, options.rows), JSON.stringify(lines));
}

export function readQueries(folder: string, rows: number): Query[] {
  const lines = JSON.parse(readFileSync(queriesPath(folder, rows), 'utf8')) as {
    mateRow: number;
    kind: Query['kind'];
    vector: string;
  }[];
  return lines.map(({ mateRow, kind, vector }) => {
    const bytes = Uint8Array.from(Buffer.from(vector, 'base64'));
    return { mateRow, kind, vector: new Float32Array(bytes.buffer) };
  });
}

/** Taken before anything is measured, so that no engine's memory is charged with it. */
const readBuffer = new Float32Array(BATCH_ROWS * DIMS).fill(1);

/** The gallery's vectors in order; the arrays of a batch are good until the next one. */
export function* galleryBatches(folder: string, rows: number): Iterable<{ first: number; vectors: Float32Array[] }> {
  const file = openSync(galleryPath(folder), 'r');
  const batch = readBuffer;
  try {
    for (let first = 0; first < rows; first += BATCH_ROWS) {
      const count = Math.min(BATCH_ROWS, rows - first);
      readSync(file, batch, 0, count * ROW_BYTES, first * ROW_BYTES);
      const vectors = Array.from({ length: count }, (_, i) => batch.subarray(i * DIMS, (i + 1) * DIMS));
      yield { first, vectors };
    }
  } finally {
    closeSync(file);
  }
}

/** Reads single vectors back. */
export function openGallery(folder: string): { vector(row: number): Float32Array; close(): void } {
  const file = openSync(galleryPath(folder), 'r');
  return {
    vector(row) {
      const vector = new Float32Array(DIMS);
      readSync(file, vector, 0, ROW_BYTES, row * ROW_BYTES);
      return vector;
    },
    close: () => closeSync(file),
  };
}

export interface Truth {
  /** For each query the ten closest rows, closest first, by 64-bit floats. */
  readonly nearest: readonly (readonly number[])[];
}

const truthPath = (folder: string, rows: number): string => join(folder, `truth-${rows}.json`);

export function writeTruth(folder: string, rows: number, truth: Truth): void {
  writeFileSync(truthPath(folder, rows), JSON.stringify(truth));
}

export function readTruth(folder: string, rows: number): Truth | undefined {
  const path = truthPath(folder, rows);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Truth) : undefined;
}
