import { describe, expect, test } from 'vitest';
import { embeddingMaker } from '../../tests/search/embeddings.ts';
import { type Kernel, wasmKernel } from './kernel.ts';
import { loadKernelModule } from './kernel-module.ts';
import { segmentLayout } from './layout.ts';
import { createPlainKernel } from './plain-kernel.ts';
import { rotationSigns } from './rotation.ts';

const ROWS = 96;
const ROUNDS = 4;
// Addresses in the memory under test
const SIGNS = 0;
const VECTOR = 1 << 17;
const VALUES = VECTOR + 16_384;
const QUERY = VALUES + 4096;
const TABLES = QUERY + 8192;
const LOWS = TABLES + 16_384;
const SUM = LOWS + 256;
const BOUNDS = SUM + 16;
const OUT = BOUNDS + 256;
const SCORES = OUT + 4096;
const SEGMENT = 1 << 19;

const { module } = await loadKernelModule();
if (!module) throw new Error('the fast kernel does not compile');
const fastModule = module;

/** One kernel over its own memory, filled and asked in the same way as the other. */
function bench(kind: 'wasm' | 'plain', dims: number) {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const { buffer } = memory;
  const kernel: Kernel = kind === 'wasm' ? wasmKernel(fastModule, memory) : createPlainKernel(buffer);
  const f32 = new Float32Array(buffer);
  const u32 = new Uint32Array(buffer);
  const layout = segmentLayout(dims, ROWS);
  f32.set(rotationSigns(dims), SIGNS / 4);
  const load = (vector: Float32Array): void => {
    f32.fill(0, VECTOR / 4, VECTOR / 4 + dims);
    f32.set(vector, VECTOR / 4);
    kernel.rotate(VECTOR, SIGNS, dims, ROUNDS);
  };
  const squares: number[] = [];
  return {
    kernel,
    bytes: new Uint8Array(buffer),
    squares,
    add(vector: Float32Array, row: number) {
      load(vector);
      f32[(SEGMENT + layout.scales) / 4 + row] = kernel.quantise(VECTOR, dims, VALUES);
      const { high, low, sketches } = layout;
      squares.push(
        kernel.placeRow(VALUES, dims, SEGMENT + high, SEGMENT + low, SEGMENT + sketches, layout.planeBytes, row),
      );
      const live = new Uint8Array(buffer, SEGMENT + layout.live);
      if (row % 7 !== 3) live[row >> 3] = (live[row >> 3] ?? 0) | (1 << (row & 7));
    },
    ask(vector: Float32Array) {
      load(vector);
      const scale = kernel.quantiseQuery(VECTOR, dims, QUERY, SUM);
      const sum = new Int32Array(buffer)[SUM / 4] ?? 0;
      const step = kernel.buildTables(VECTOR, dims, TABLES, LOWS);
      const planes = dims / 128;
      const at = (offset: number): number => SEGMENT + offset;
      const { high, low, sketches, planeBytes, scales, live } = layout;
      const bounds = new Int16Array(buffer, BOUNDS, planes);
      const listed = (count: number): number[] => [...u32.subarray(OUT / 4, OUT / 4 + count)];
      const sketched = [0, 0.45, 0.5].map((share) => {
        for (let plane = 0; plane < planes; plane++) bounds[plane] = Math.round(share * 31 * 32 * (plane + 1));
        return listed(
          kernel.scanSketches(TABLES, BOUNDS, planes, at(sketches), planeBytes, at(live), 32, ROWS - 5, OUT),
        );
      });
      const scanned = [-2, 0, 0.2].map((minScore) =>
        listed(
          kernel.scanHighNibbles(QUERY, scale, sum, dims, at(high), at(scales), at(live), 4, ROWS - 3, minScore, OUT),
        ),
      );
      for (let row = 0; row < ROWS; row++) u32[OUT / 4 + row] = row;
      kernel.scoreRows(QUERY, scale, sum, dims, at(high), at(low), at(scales), OUT, ROWS, SCORES);
      const scores = [...f32.subarray(SCORES / 4, SCORES / 4 + ROWS)];
      const refined = listed(kernel.refineRows(QUERY, scale, sum, dims, at(high), at(scales), 0.05, OUT, ROWS));
      return { scale, sum, step, sketched, scanned, scores, refined };
    },
    take(row: number) {
      kernel.takeRow(SEGMENT + layout.high, SEGMENT + layout.low, dims, row, VALUES);
      return [...new Int8Array(buffer, VALUES, dims)];
    },
  };
}

describe('both kernels give the same bits', () => {
  for (const dims of [128, 256, 512, 640, 1024]) {
    test(`at ${dims} dimensions`, () => {
      const make = embeddingMaker(dims, dims);
      const wasm = bench('wasm', dims);
      const plain = bench('plain', dims);
      const vectors = Array.from({ length: ROWS }, () => make.stranger());
      // Members at the ends of their range, equal ones, and a single one
      vectors[5] = new Float32Array(dims).fill(1 / Math.sqrt(dims));
      vectors[6] = Float32Array.from({ length: dims }, (_, i) => (i === 9 ? 1 : 0));
      for (const [row, vector] of vectors.entries()) {
        wasm.add(vector, row);
        plain.add(vector, row);
      }
      expect(wasm.squares).toEqual(plain.squares);
      expect(Buffer.from(wasm.bytes).equals(Buffer.from(plain.bytes))).toBe(true);
      for (const query of [make.stranger(), vectors[5], vectors[6], make.mate(vectors[40] ?? make.stranger(), 0.6)]) {
        const answer = wasm.ask(query as Float32Array);
        expect(answer).toEqual(plain.ask(query as Float32Array));
        expect(Buffer.from(wasm.bytes).equals(Buffer.from(plain.bytes))).toBe(true);
        expect(answer.sketched[0]).not.toEqual(answer.sketched[1]);
        expect(answer.scanned[0]?.length).toBeGreaterThan(answer.scanned[2]?.length ?? 0);
      }
      for (const row of [0, 6, 95]) expect(wasm.take(row)).toEqual(plain.take(row));
    });
  }
});

describe('the kernel', () => {
  const dims = 512;
  const make = embeddingMaker(dims, 7);

  test('scores as 64-bit floats would, but for the rounding of templates to 8 bits', () => {
    const wasm = bench('wasm', dims);
    const vectors = Array.from({ length: ROWS }, () => make.stranger());
    for (const [row, vector] of vectors.entries()) wasm.add(vector, row);
    const query = make.mate(vectors[3] ?? make.stranger(), 0.7);
    const { scores } = wasm.ask(query);
    for (const [row, vector] of vectors.entries()) {
      let exact = 0;
      for (let i = 0; i < dims; i++) exact += (vector[i] ?? 0) * (query[i] ?? 0);
      expect(Math.abs((scores[row] ?? 0) - exact)).toBeLessThan(0.002);
    }
  });

  test('rotates without changing lengths or angles', () => {
    for (const length of [128, 640, 1024]) {
      const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
      const kernel = wasmKernel(fastModule, memory);
      const f32 = new Float32Array(memory.buffer);
      f32.set(rotationSigns(length), SIGNS / 4);
      const own = embeddingMaker(length, 3);
      const a = own.stranger();
      const b = own.mate(a, 0.3);
      const turned = [a, b].map((vector) => {
        f32.set(vector, VECTOR / 4);
        kernel.rotate(VECTOR, SIGNS, length, ROUNDS);
        return f32.slice(VECTOR / 4, VECTOR / 4 + length);
      });
      const [x = a, y = b] = turned;
      const dot = (u: Float32Array, v: Float32Array): number =>
        u.reduce((sum, value, i) => sum + value * (v[i] ?? 0), 0);
      expect(dot(x, x)).toBeCloseTo(1, 5);
      expect(dot(x, y)).toBeCloseTo(0.3, 4);
      // Evenly spread: no member of the single-member vector stays large
      f32.fill(0, VECTOR / 4, VECTOR / 4 + length);
      f32[VECTOR / 4 + 5] = 1;
      kernel.rotate(VECTOR, SIGNS, length, ROUNDS);
      const largest = Math.max(...f32.subarray(VECTOR / 4, VECTOR / 4 + length).map(Math.abs));
      expect(largest).toBeLessThan(6 / Math.sqrt(length));
    }
  });
});
