import type { ArenaView } from './arena.ts';
import { PLANE_DIMS, queryOffsets, SCRATCH } from './layout.ts';
import type { SketchScale } from './sketch-bounds.ts';

/** A query in the kernels' form: lookup tables for sketches, 16-bit values for templates. */
export interface PreparedQuery {
  readonly dims: number;
  readonly tables: Uint8Array;
  readonly values: Int16Array;
  readonly valueScale: number;
  readonly valueSum: number;
  /** Length of the query as the kernels see it: 1 but for rounding. */
  readonly length: number;
  readonly sketch: SketchScale;
}

/** Normalises, turns and quantises a query of `dims` or fewer members; uses the arena's scratch room. */
export function prepareQuery(arena: ArenaView, vector: Float32Array, dims: number): PreparedQuery {
  arena.loadRotated(vector, dims);
  return prepareRotated(arena, dims);
}

/** The same for a row of the index, whose values are turned already and lie in the scratch room. */
export function prepareValues(arena: ArenaView, dims: number, scale: number): PreparedQuery {
  const from = arena.scratch + SCRATCH.values;
  const to = (arena.scratch + SCRATCH.vector) >>> 2;
  for (let i = 0; i < dims; i++) arena.f32[to + i] = (arena.i8[from + i] as number) * scale;
  return prepareRotated(arena, dims);
}

function prepareRotated(arena: ArenaView, dims: number): PreparedQuery {
  const { kernel, scratch } = arena;
  const vector = scratch + SCRATCH.vector;
  const offsets = queryOffsets(0);
  const tablesAt = scratch + offsets.tables;
  const valuesAt = scratch + offsets.values;
  const lowsAt = (scratch + SCRATCH.lows) >>> 2;
  const valueScale = kernel.quantiseQuery(vector, dims, valuesAt, scratch + SCRATCH.sum);
  const step = kernel.buildTables(vector, dims, tablesAt, scratch + SCRATCH.lows);
  const values = arena.i16.slice(valuesAt >>> 1, (valuesAt >>> 1) + dims);
  let squares = 0;
  for (let i = 0; i < dims; i++) squares += ((values[i] as number) / (i & 8 ? 1 : 16)) ** 2;
  return {
    dims,
    tables: arena.u8.slice(tablesAt, tablesAt + dims * 4),
    values,
    valueScale,
    valueSum: (arena.u32[(scratch + SCRATCH.sum) >>> 2] as number) | 0,
    length: Math.sqrt(squares) * valueScale,
    sketch: { step, lows: arena.f32.slice(lowsAt, lowsAt + dims / PLANE_DIMS) },
  };
}
