import type { Kernel } from './kernel.ts';

// The same arithmetic as kernels/kernel.ts, one value at a time; Math.fround stands where that rounds to 32 bits.
const f32 = Math.fround;
const LINE = 64;
const GROUP_ROWS = 16;
const PLANE_GROUP_BYTES = 256;
const LUT_MAX = 31;
const QUERY_MAX = 2047;

/** The kernel in TypeScript: reference for the fast one, and what runs where WebAssembly SIMD is missing. */
export function createPlainKernel(buffer: ArrayBufferLike): Kernel {
  const floats = new Float32Array(buffer);
  const u8 = new Uint8Array(buffer);
  const i8 = new Int8Array(buffer);
  const i16 = new Int16Array(buffer);
  const i32 = new Int32Array(buffer);
  const u32 = new Uint32Array(buffer);
  const byte = (at: number): number => u8[at] as number;
  const float = (at: number): number => floats[at >>> 2] as number;
  const lineOf = (dims: number, row: number): number => (row >> 2) * (dims * 2) + (row & 3) * LINE;

  /** Byte of dimension `d`'s 32-block and the shift of its nibble in the 16-bit lane. */
  const nibble = (line: number, d: number): number => {
    const at = line + (d >> 7) * 256 + ((d & 127) >> 5) * 16 + (d & 7) * 2 + ((d & 31) >> 4);
    return d & 8 ? byte(at) >> 4 : byte(at) & 15;
  };

  function hadamard(at: number, n: number): void {
    for (let half = 1; half < n; half *= 2) {
      for (let i = 0; i < n; i += half * 2) {
        for (let j = i; j < i + half; j++) {
          const x = floats[at + j] as number;
          const y = floats[at + j + half] as number;
          floats[at + j] = x + y;
          floats[at + j + half] = x - y;
        }
      }
    }
    const scale = f32(1 / Math.sqrt(n));
    for (let i = 0; i < n; i++) floats[at + i] = (floats[at + i] as number) * scale;
  }

  function largest(vector: number, dims: number): number {
    let max = 0;
    for (let i = 0; i < dims; i++) max = Math.max(max, Math.abs(float(vector + i * 4)));
    return max;
  }

  const nearestWhole = (value: number): number => Math.trunc(f32(value < 0 ? value - 0.5 : value + 0.5));

  /** 16 Σ q · nibble. */
  function dotNibbles(query: number, line: number, dims: number): number {
    let sum = 0;
    for (let d = 0; d < dims; d++) {
      const q = i16[(query >> 1) + d] as number;
      sum += q * (d & 8 ? nibble(line, d) * 16 : nibble(line, d));
    }
    return sum;
  }

  const middleScore = (sums: number, querySum: number, scale: number): number =>
    f32(f32(f32(sums) - f32(f32(querySum) * 120.5)) * scale);

  const isLive = (live: number, row: number): boolean => ((byte(live + (row >> 3)) >> (row & 7)) & 1) === 1;

  return {
    rotate(vector, signs, dims, rounds) {
      const n = 2 ** Math.floor(Math.log2(dims));
      const at = vector >>> 2;
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < dims; i++) {
          floats[at + i] = (floats[at + i] as number) * float(signs + (round * dims + i) * 4);
        }
        hadamard(at + (round & 1 ? dims - n : 0), n);
      }
    },

    quantise(vector, dims, out) {
      const max = largest(vector, dims);
      const factor = max > 0 ? f32(127 / max) : 0;
      for (let i = 0; i < dims; i++) i8[out + i] = nearestWhole(f32(float(vector + i * 4) * factor));
      return f32(max / 127);
    },

    placeRow(values, dims, high, low, sketches, planeBytes, row) {
      const line = lineOf(dims, row);
      let squares = 0;
      for (let d = 0; d < dims; d++) {
        const value = (i8[values + d] as number) + 128;
        const at = line + (d >> 7) * 256 + ((d & 127) >> 5) * 16 + (d & 7) * 2 + ((d & 31) >> 4);
        if (d & 8) {
          u8[high + at] = (byte(high + at) & 15) | (value & 0xf0);
          u8[low + at] = (byte(low + at) & 15) | ((value & 15) << 4);
        } else {
          u8[high + at] = (byte(high + at) & 0xf0) | (value >> 4);
          u8[low + at] = (byte(low + at) & 0xf0) | (value & 15);
        }
        squares += (2 * (value & 15) - 15) ** 2;
      }
      const lane = sketches + (row >> 4) * PLANE_GROUP_BYTES + (row & 15);
      for (let d = 0; d < dims; d += 8) {
        let bits = 0;
        for (let i = 0; i < 8; i++) if ((i8[values + d + i] as number) >= 0) bits |= 1 << i;
        u8[lane + (d >> 7) * planeBytes + ((d & 127) >> 3) * GROUP_ROWS] = bits;
      }
      return squares;
    },

    takeRow(high, low, dims, row, out) {
      const line = lineOf(dims, row);
      for (let d = 0; d < dims; d++) i8[out + d] = nibble(high + line, d) * 16 + nibble(low + line, d) - 128;
    },

    quantiseQuery(vector, dims, out, sum) {
      const max = largest(vector, dims);
      const factor = max > 0 ? f32(QUERY_MAX / max) : 0;
      let total = 0;
      for (let i = 0; i < dims; i++) {
        const value = nearestWhole(f32(float(vector + i * 4) * factor));
        total += value;
        i16[(out >> 1) + i] = i & 8 ? value : value * 16;
      }
      i32[sum >> 2] = total;
      return f32(max / QUERY_MAX);
    },

    buildTables(vector, dims, out, lows) {
      const magnitude = (i: number): number => Math.abs(float(vector + i * 4));
      const spread = (i: number): number =>
        f32(f32(f32(magnitude(i) + magnitude(i + 1)) + magnitude(i + 2)) + magnitude(i + 3));
      let widest = 0;
      for (let i = 0; i < dims; i += 4) widest = Math.max(widest, spread(i));
      const step = f32(f32(2 * widest) / LUT_MAX);
      const factor = step > 0 ? f32(1 / step) : 0;
      let lowest = 0;
      for (let i = 0; i < dims; i += 4) {
        const low = -spread(i);
        lowest = f32(lowest + low);
        for (let v = 0; v < 16; v++) {
          let sum = 0;
          for (let bit = 0; bit < 4; bit++) {
            const value = float(vector + (i + bit) * 4);
            sum = bit === 0 ? (v & 1 ? value : -value) : f32(sum + (v & (1 << bit) ? value : -value));
          }
          u8[out + i * 4 + v] = nearestWhole(f32(f32(sum - low) * factor));
        }
        if (((i + 4) & 127) === 0) floats[(lows >>> 2) + (i >> 7)] = lowest;
      }
      return step;
    },

    scanSketches(tables, bounds, planes, sketches, planeBytes, live, fromRow, toRow, out) {
      let count = 0;
      const sums = new Int32Array(32);
      for (let first = fromRow; first < toRow; first += 32) {
        sums.fill(0);
        let bound = 0;
        for (let plane = 0; plane < planes; plane++) {
          bound = i16[(bounds >> 1) + plane] as number;
          let any = false;
          for (let r = 0; r < 32; r++) {
            const row = first + r;
            const codes = sketches + plane * planeBytes + (row >> 4) * PLANE_GROUP_BYTES + (row & 15);
            let sum = sums[r] as number;
            for (let i = 0; i < 16; i++) {
              const code = byte(codes + i * GROUP_ROWS);
              const table = tables + plane * 512 + i * 32;
              sum += byte(table + (code & 15)) + byte(table + 16 + (code >> 4));
            }
            sums[r] = sum;
            any ||= sum >= bound;
          }
          if (!any) break;
        }
        for (let row = first; row < Math.min(toRow, first + 32); row++) {
          if ((sums[row - first] as number) >= bound && isLive(live, row)) u32[(out >>> 2) + count++] = row;
        }
      }
      return count;
    },

    refineRows(query, queryScale, querySum, dims, high, scales, minScore, rows, count) {
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const row = u32[(rows >>> 2) + i] as number;
        const scale = f32(f32(queryScale) * float(scales + row * 4));
        const sums = dotNibbles(query, high + lineOf(dims, row), dims);
        if (middleScore(sums, querySum, scale) >= f32(minScore)) u32[(rows >>> 2) + kept++] = row;
      }
      return kept;
    },

    scoreRows(query, queryScale, querySum, dims, high, low, scales, rows, count, scores) {
      for (let i = 0; i < count; i++) {
        const row = u32[(rows >>> 2) + i] as number;
        const line = lineOf(dims, row);
        const lows = dotNibbles(query, low + line, dims);
        const dot = dotNibbles(query, high + line, dims) + lows / 16 - querySum * 128;
        floats[(scores >>> 2) + i] = f32(dot) * f32(f32(queryScale) * float(scales + row * 4));
      }
    },

    scanHighNibbles(query, queryScale, querySum, dims, high, scales, live, fromRow, toRow, minScore, out) {
      let count = 0;
      for (let row = fromRow; row < toRow; row++) {
        if (!isLive(live, row)) continue;
        const scale = f32(f32(queryScale) * float(scales + row * 4));
        const sums = dotNibbles(query, high + lineOf(dims, row), dims);
        if (middleScore(sums, querySum, scale) >= f32(minScore)) u32[(out >>> 2) + count++] = row;
      }
      return count;
    },
  };
}
