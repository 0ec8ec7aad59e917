// AssemblyScript (compiled to WebAssembly SIMD; not TypeScript, though it looks alike). plain-kernel.ts is the same in
// TypeScript: both give the same bits. Addresses are byte offsets into the arena's memory; layout.ts says where things lie.

/** Bytes of one row of a group of four: the nibbles of four rows alternate by this much, a cache line for 128 dimensions. */
const LINE: usize = 64;
/** Bits of a sketch plane, and rows of a sketch group. */
const PLANE_BITS: usize = 128;
const GROUP_ROWS: usize = 16;
const PLANE_GROUP_BYTES: usize = 256;
/** Largest entry of a lookup table: eight of them fit an unsigned byte. */
const LUT_MAX: f32 = 31;
/** Largest member of a query: sixteen times it fits 16 bits, and 16 · 15 times 4096 of them stay below 2^31. */
const QUERY_MAX: f32 = 2047;

// ── Rotation ────────────────────────────────────────────────────────────────

/** Walsh–Hadamard transform of `n` floats in place, n a power of two of at least four, scaled by 1/√n. */
function hadamard(at: usize, n: usize): void {
  const end = at + (n << 2);
  // The first two steps stay within four lanes
  const oddNegative = f32x4(1, -1, 1, -1);
  const lastNegative = f32x4(1, 1, -1, -1);
  for (let a = at; a < end; a += 16) {
    let x = v128.load(a);
    x = f32x4.add(i8x16.shuffle(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11), f32x4.mul(x, oddNegative));
    x = f32x4.add(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7), f32x4.mul(x, lastNegative));
    v128.store(a, x);
  }
  for (let half: usize = 16; half < n << 2; half <<= 1) {
    for (let first = at; first < end; first += half << 1) {
      for (let a = first; a < first + half; a += 16) {
        const x = v128.load(a);
        const y = v128.load(a + half);
        v128.store(a, f32x4.add(x, y));
        v128.store(a + half, f32x4.sub(x, y));
      }
    }
  }
  const scale = f32x4.splat(<f32>(1.0 / Math.sqrt(<f64>n)));
  for (let a = at; a < end; a += 16) v128.store(a, f32x4.mul(v128.load(a), scale));
}

/**
 * Turns `dims` floats in place by `rounds` of random signs (±1 as floats, `dims` a round) and a Hadamard transform, over the first and
 * the last power of two of them in turn.
 */
export function rotate(vector: usize, signs: usize, dims: usize, rounds: usize): void {
  let n: usize = 1;
  while (n << 1 <= dims) n <<= 1;
  for (let round: usize = 0; round < rounds; round++) {
    for (let i: usize = 0; i < dims; i += 4) {
      const at = vector + (i << 2);
      v128.store(at, f32x4.mul(v128.load(at), v128.load(signs + ((round * dims + i) << 2))));
    }
    hadamard(vector + ((round & 1 ? dims - n : 0) << 2), n);
  }
}

@inline
function largest(vector: usize, dims: usize): f32 {
  let max = f32x4.splat(0);
  for (let i: usize = 0; i < dims; i += 4) max = f32x4.max(max, f32x4.abs(v128.load(vector + (i << 2))));
  return Mathf.max(
    Mathf.max(f32x4.extract_lane(max, 0), f32x4.extract_lane(max, 1)),
    Mathf.max(f32x4.extract_lane(max, 2), f32x4.extract_lane(max, 3)),
  );
}

/** To the nearest whole number, halves away from zero. */
@inline
function nearestWhole(value: f32): i32 {
  return <i32>(value < 0 ? value - 0.5 : value + 0.5);
}

/** The same of four. */
@inline
function nearestWholes(values: v128): v128 {
  const half = v128.or(v128.and(values, i32x4.splat(0x80000000)), f32x4.splat(0.5));
  return i32x4.trunc_sat_f32x4_s(f32x4.add(values, half));
}

// ── Writing a row ───────────────────────────────────────────────────────────

/** 8-bit values of a rotated vector, one after the other, at `out`; answers the scale that gives the floats back. */
export function quantise(vector: usize, dims: usize, out: usize): f32 {
  const max = largest(vector, dims);
  const factor: f32 = max > 0 ? 127 / max : 0;
  const factors = f32x4.splat(factor);
  for (let i: usize = 0; i < dims; i += 16) {
    const at = vector + (i << 2);
    const a = nearestWholes(f32x4.mul(v128.load(at), factors));
    const b = nearestWholes(f32x4.mul(v128.load(at, 16), factors));
    const c = nearestWholes(f32x4.mul(v128.load(at, 32), factors));
    const d = nearestWholes(f32x4.mul(v128.load(at, 48), factors));
    v128.store(out + i, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
  }
  return max / 127;
}

/**
 * Puts 8-bit values into their places in a segment: high and low nibbles, and the sketch. Answers the sum of
 * (2 · low nibble − 15)²: four times the squared distance between the values and what their high nibbles stand for.
 */
export function placeRow(
  values: usize, dims: usize, high: usize, low: usize, sketches: usize, planeBytes: usize, row: usize,
): u32 {
  const line = (row >> 2) * (dims << 1) + (row & 3) * LINE;
  const offset = i8x16.splat(-128);
  const fifteen = i16x8.splat(15);
  const upper = i16x8.splat(0xf0);
  let squares = i32x4.splat(0);
  for (let i: usize = 0; i < dims; i += 32) {
    const first = v128.xor(v128.load(values + i), offset);
    const second = v128.xor(v128.load(values + i, 16), offset);
    const a = i16x8.extend_low_i8x16_u(first);
    const b = i16x8.extend_high_i8x16_u(first);
    const c = i16x8.extend_low_i8x16_u(second);
    const d = i16x8.extend_high_i8x16_u(second);
    const at = line + ((i >> 7) << 8) + ((i & 127) >> 1);
    v128.store(high + at, v128.or(
      v128.or(i16x8.shr_u(a, 4), v128.and(b, upper)),
      v128.or(i16x8.shl(i16x8.shr_u(c, 4), 8), i16x8.shl(v128.and(d, upper), 8)),
    ));
    const la = v128.and(a, fifteen);
    const lb = v128.and(b, fifteen);
    const lc = v128.and(c, fifteen);
    const ld = v128.and(d, fifteen);
    v128.store(low + at, v128.or(
      v128.or(la, i16x8.shl(lb, 4)),
      v128.or(i16x8.shl(lc, 8), i16x8.shl(ld, 12)),
    ));
    squares = i32x4.add(squares, i32x4.add(i32x4.add(square(la), square(lb)), i32x4.add(square(lc), square(ld))));
  }
  const lane = sketches + (row >> 4) * PLANE_GROUP_BYTES + (row & 15);
  for (let i: usize = 0; i < dims; i += 16) {
    // Sign bit 1 means negative; the sketch keeps 1 for "not negative"
    const bits = ~i8x16.bitmask(v128.load(values + i));
    const at = lane + (i >> 7) * planeBytes + ((i & 127) >> 3) * GROUP_ROWS;
    store<u8>(at, <u8>bits);
    store<u8>(at + GROUP_ROWS, <u8>(bits >> 8));
  }
  return <u32>sumLanes(squares);
}

/** Pairwise sums of (2 · nibble − 15)². */
@inline
function square(nibbles: v128): v128 {
  const doubled = i16x8.sub(i16x8.add(nibbles, nibbles), i16x8.splat(15));
  return i32x4.dot_i16x8_s(doubled, doubled);
}

/** The 8-bit values of a row, one after the other, at `out`. */
export function takeRow(high: usize, low: usize, dims: usize, row: usize, out: usize): void {
  const line = (row >> 2) * (dims << 1) + (row & 3) * LINE;
  const fifteen = i16x8.splat(15);
  const upper = i16x8.splat(0xf0);
  const offset = i8x16.splat(-128);
  for (let i: usize = 0; i < dims; i += 32) {
    const at = line + ((i >> 7) << 8) + ((i & 127) >> 1);
    const h = v128.load(high + at);
    const l = v128.load(low + at);
    const a = v128.or(i16x8.shl(v128.and(h, fifteen), 4), v128.and(l, fifteen));
    const b = v128.or(v128.and(h, upper), v128.and(i16x8.shr_u(l, 4), fifteen));
    const h8 = i16x8.shr_u(h, 8);
    const l8 = i16x8.shr_u(l, 8);
    const c = v128.or(i16x8.shl(v128.and(h8, fifteen), 4), v128.and(l8, fifteen));
    const d = v128.or(v128.and(h8, upper), i16x8.shr_u(l8, 4));
    v128.store(out + i, v128.xor(i8x16.narrow_i16x8_u(a, b), offset));
    v128.store(out + i, v128.xor(i8x16.narrow_i16x8_u(c, d), offset), 16);
  }
}

// ── Preparing a query ───────────────────────────────────────────────────────

/**
 * 16-bit values of a rotated query at `out`, of each 16 the first eight sixteenfold: a nibble's place in its byte then
 * needs no shift. Their plain sum goes to `sum` (i32). Answers the scale that gives the floats back.
 */
export function quantiseQuery(vector: usize, dims: usize, out: usize, sum: usize): f32 {
  const max = largest(vector, dims);
  const factor: f32 = max > 0 ? QUERY_MAX / max : 0;
  let total: i32 = 0;
  for (let i: usize = 0; i < dims; i++) {
    const value = nearestWhole(load<f32>(vector + (i << 2)) * factor);
    total += value;
    store<i16>(out + (i << 1), <i16>(i & 8 ? value : value << 4));
  }
  store<i32>(sum, total);
  return max / QUERY_MAX;
}

/**
 * One table of 16 bytes for each four dimensions: entry v is the sum of ±q over them, + where v has the bit, in steps
 * above the table's lowest sum. The running sum of these lowest sums at each plane's end goes to `lows` (floats). Answers
 * the step.
 */
export function buildTables(vector: usize, dims: usize, out: usize, lows: usize): f32 {
  let widest: f32 = 0;
  for (let i: usize = 0; i < dims; i += 4) {
    const at = vector + (i << 2);
    const sum = abs<f32>(load<f32>(at)) + abs<f32>(load<f32>(at, 4)) + abs<f32>(load<f32>(at, 8)) + abs<f32>(load<f32>(at, 12));
    if (sum > widest) widest = sum;
  }
  const step: f32 = (2 * widest) / LUT_MAX;
  const factor: f32 = step > 0 ? 1 / step : 0;
  let lowest: f32 = 0;
  for (let i: usize = 0; i < dims; i += 4) {
    const at = vector + (i << 2);
    const a = load<f32>(at);
    const b = load<f32>(at, 4);
    const c = load<f32>(at, 8);
    const d = load<f32>(at, 12);
    const low: f32 = -(abs<f32>(a) + abs<f32>(b) + abs<f32>(c) + abs<f32>(d));
    lowest += low;
    const table = out + (i << 2);
    for (let v: usize = 0; v < 16; v++) {
      const sum: f32 = (v & 1 ? a : -a) + (v & 2 ? b : -b) + (v & 4 ? c : -c) + (v & 8 ? d : -d);
      store<u8>(table + v, <u8>nearestWhole((sum - low) * factor));
    }
    if (((i + 4) & (PLANE_BITS - 1)) == 0) store<f32>(lows + ((i >> 7) << 2), lowest);
  }
  return step;
}

// ── Scanning ────────────────────────────────────────────────────────────────

/** Adds the two table entries of a code byte for 16 rows. */
@inline
function lookUp(sum: v128, tableLow: v128, tableHigh: v128, code: v128): v128 {
  const fifteen = i8x16.splat(15);
  return i8x16.add(sum, i8x16.add(
    i8x16.swizzle(tableLow, v128.and(code, fifteen)),
    i8x16.swizzle(tableHigh, v128.and(i16x8.shr_u(code, 4), fifteen)),
  ));
}

@inline
function reaching(low: v128, high: v128, bound: v128): i32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.ge_s(low, bound), i16x8.ge_s(high, bound)));
}

/**
 * Rows whose sketch may belong to a close template: the sum of table entries over the planes up to p reaches
 * `bounds`[p] (i16) for the last plane; 32 rows are given up together at the first plane where none does.
 * Row numbers (u32) of live rows go to `out`; answers how many. `fromRow` is a multiple of 32.
 */
export function scanSketches(
  tables: usize, bounds: usize, planes: usize, sketches: usize, planeBytes: usize, live: usize,
  fromRow: usize, toRow: usize, out: usize,
): u32 {
  const start = out;
  for (let row = fromRow; row < toRow; row += 32) {
    let codes = sketches + (row >> 4) * PLANE_GROUP_BYTES;
    let table = tables;
    let a = i16x8.splat(0);
    let b = i16x8.splat(0);
    let c = i16x8.splat(0);
    let d = i16x8.splat(0);
    let hits: i32 = 0;
    for (let plane: usize = 0; plane < planes; plane++) {
      for (let quarter: usize = 0; quarter < 4; quarter++) {
        let x = i8x16.splat(0);
        let y = i8x16.splat(0);
        let t = v128.load(table);
        let u = v128.load(table, 16);
        x = lookUp(x, t, u, v128.load(codes));
        y = lookUp(y, t, u, v128.load(codes, 256));
        t = v128.load(table, 32);
        u = v128.load(table, 48);
        x = lookUp(x, t, u, v128.load(codes, 16));
        y = lookUp(y, t, u, v128.load(codes, 272));
        t = v128.load(table, 64);
        u = v128.load(table, 80);
        x = lookUp(x, t, u, v128.load(codes, 32));
        y = lookUp(y, t, u, v128.load(codes, 288));
        t = v128.load(table, 96);
        u = v128.load(table, 112);
        x = lookUp(x, t, u, v128.load(codes, 48));
        y = lookUp(y, t, u, v128.load(codes, 304));
        a = i16x8.add(a, i16x8.extend_low_i8x16_u(x));
        b = i16x8.add(b, i16x8.extend_high_i8x16_u(x));
        c = i16x8.add(c, i16x8.extend_low_i8x16_u(y));
        d = i16x8.add(d, i16x8.extend_high_i8x16_u(y));
        table += 128;
        codes += 64;
      }
      codes += planeBytes - PLANE_GROUP_BYTES;
      const bound = v128.load_splat<i16>(bounds + (plane << 1));
      hits = reaching(a, b, bound) | (reaching(c, d, bound) << 16);
      if (hits == 0) break;
    }
    if (hits == 0) continue;
    let rows = hits & load<i32>(live + (row >> 3));
    if (toRow - row < 32) rows &= (1 << <i32>(toRow - row)) - 1;
    while (rows != 0) {
      store<u32>(out, <u32>row + ctz(rows));
      out += 4;
      rows &= rows - 1;
    }
  }
  return <u32>((out - start) >> 2);
}

@inline
function sumLanes(sum: v128): i32 {
  const pairs = i32x4.add(sum, i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** Four sums of four lanes each, as four lanes. */
@inline
function sumLanesOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(
    i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
    i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31),
  );
  const cd = i32x4.add(
    i8x16.shuffle(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
    i8x16.shuffle(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31),
  );
  return i32x4.add(
    i8x16.shuffle(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),
    i8x16.shuffle(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31),
  );
}

/** 16 Σ q · nibble over one row, in four lanes. */
@inline
function dotNibbles(query: usize, nibbles: usize, dims: usize): v128 {
  const fifteen = i16x8.splat(15);
  const upper = i16x8.splat(0xf0);
  let first = i32x4.splat(0);
  let second = i32x4.splat(0);
  let q = query;
  let at = nibbles;
  const end = query + (dims << 1);
  while (q < end) {
    for (let quarter: usize = 0; quarter < 64; quarter += 16) {
      const x = v128.load(at + quarter);
      const y = i16x8.shr_u(x, 8);
      first = i32x4.add(first, i32x4.dot_i16x8_s(v128.load(q), v128.and(x, fifteen)));
      second = i32x4.add(second, i32x4.dot_i16x8_s(v128.load(q, 16), v128.and(x, upper)));
      first = i32x4.add(first, i32x4.dot_i16x8_s(v128.load(q, 32), v128.and(y, fifteen)));
      second = i32x4.add(second, i32x4.dot_i16x8_s(v128.load(q, 48), v128.and(y, upper)));
      q += 64;
    }
    at += PLANE_GROUP_BYTES;
  }
  return i32x4.add(first, second);
}

/**
 * What a row's high nibbles make of its score, in the middle of what the low ones can add: 16 Σ q·high − 120.5 Σ q,
 * in units of both scales. Whole until the last step, so that both kernels give the same bits.
 */
@inline
function middleScore(sixteenSums: i32, querySum: i32, scale: f32): f32 {
  return (<f32>sixteenSums - <f32>querySum * 120.5) * scale;
}

/** Rows whose nibbles are called for before the first of them is looked at. */
const AHEAD: usize = 16;
/** Keeps the loads that call for memory from being taken for idle ones. */
export let touched: u32 = 0;

/**
 * Calls for the nibbles of listed rows all at once: rows picked here and there wait for memory, and waiting for sixteen
 * of them takes hardly longer than for one.
 */
@inline
function callFor(nibbles: usize, dims: usize, rows: usize, count: usize): void {
  let sum: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    const row = <usize>load<u32>(rows + (i << 2));
    const line = nibbles + (row >> 2) * (dims << 1) + (row & 3) * LINE;
    const end = line + (dims << 1);
    for (let at = line; at < end; at += PLANE_GROUP_BYTES) sum ^= load<u32>(at);
  }
  touched = sum;
}

/** Keeps, in place and in order, those of `count` listed rows whose high nibbles alone reach `minScore`; answers how many. */
export function refineRows(
  query: usize, queryScale: f32, querySum: i32, dims: usize, high: usize, scales: usize, minScore: f32,
  rows: usize, count: usize,
): u32 {
  let kept: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    if (i % AHEAD == 0) callFor(high, dims, rows + (i << 2), min(AHEAD, count - i));
    const row = load<u32>(rows + (i << 2));
    const line = (<usize>row >> 2) * (dims << 1) + (<usize>row & 3) * LINE;
    const sums = sumLanes(dotNibbles(query, high + line, dims));
    if (middleScore(sums, querySum, queryScale * load<f32>(scales + (<usize>row << 2))) >= minScore) {
      store<u32>(rows + (<usize>kept << 2), row);
      kept++;
    }
  }
  return kept;
}

/** Scores (f32, cosine) of `count` listed rows, in their order, to `scores`. */
export function scoreRows(
  query: usize, queryScale: f32, querySum: i32, dims: usize, high: usize, low: usize, scales: usize,
  rows: usize, count: usize, scores: usize,
): void {
  for (let i: usize = 0; i < count; i++) {
    if (i % AHEAD == 0) callFor(low, dims, rows + (i << 2), min(AHEAD, count - i));
    const row = <usize>load<u32>(rows + (i << 2));
    const line = (row >> 2) * (dims << 1) + (row & 3) * LINE;
    const highs = sumLanes(dotNibbles(query, high + line, dims));
    const lows = sumLanes(dotNibbles(query, low + line, dims));
    const dot = highs + (lows >> 4) - (querySum << 7);
    store<f32>(scores + (i << 2), <f32>dot * (queryScale * load<f32>(scales + (row << 2))));
  }
}

/**
 * Live rows from `fromRow` (a multiple of four) to below `toRow` whose high nibbles alone reach `minScore`: numbers
 * (u32) to `out`; answers how many.
 */
export function scanHighNibbles(
  query: usize, queryScale: f32, querySum: i32, dims: usize, high: usize, scales: usize, live: usize,
  fromRow: usize, toRow: usize, minScore: f32, out: usize,
): u32 {
  const fifteen = i16x8.splat(15);
  const upper = i16x8.splat(0xf0);
  const bound = f32x4.splat(minScore);
  const queryScales = f32x4.splat(queryScale);
  const middle = f32x4.splat(<f32>querySum * 120.5);
  const end = query + (dims << 1);
  const start = out;
  for (let row = fromRow; row < toRow; row += 4) {
    let at = high + row * (dims >> 1);
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let d = i32x4.splat(0);
    let q = query;
    while (q < end) {
      for (let quarter: usize = 0; quarter < 64; quarter += 16) {
        const q0 = v128.load(q);
        const q1 = v128.load(q, 16);
        const q2 = v128.load(q, 32);
        const q3 = v128.load(q, 48);
        let x = v128.load(at + quarter);
        let y = i16x8.shr_u(x, 8);
        a = i32x4.add(a, i32x4.dot_i16x8_s(q0, v128.and(x, fifteen)));
        a = i32x4.add(a, i32x4.dot_i16x8_s(q1, v128.and(x, upper)));
        a = i32x4.add(a, i32x4.dot_i16x8_s(q2, v128.and(y, fifteen)));
        a = i32x4.add(a, i32x4.dot_i16x8_s(q3, v128.and(y, upper)));
        x = v128.load(at + quarter, 64);
        y = i16x8.shr_u(x, 8);
        b = i32x4.add(b, i32x4.dot_i16x8_s(q0, v128.and(x, fifteen)));
        b = i32x4.add(b, i32x4.dot_i16x8_s(q1, v128.and(x, upper)));
        b = i32x4.add(b, i32x4.dot_i16x8_s(q2, v128.and(y, fifteen)));
        b = i32x4.add(b, i32x4.dot_i16x8_s(q3, v128.and(y, upper)));
        x = v128.load(at + quarter, 128);
        y = i16x8.shr_u(x, 8);
        c = i32x4.add(c, i32x4.dot_i16x8_s(q0, v128.and(x, fifteen)));
        c = i32x4.add(c, i32x4.dot_i16x8_s(q1, v128.and(x, upper)));
        c = i32x4.add(c, i32x4.dot_i16x8_s(q2, v128.and(y, fifteen)));
        c = i32x4.add(c, i32x4.dot_i16x8_s(q3, v128.and(y, upper)));
        x = v128.load(at + quarter, 192);
        y = i16x8.shr_u(x, 8);
        d = i32x4.add(d, i32x4.dot_i16x8_s(q0, v128.and(x, fifteen)));
        d = i32x4.add(d, i32x4.dot_i16x8_s(q1, v128.and(x, upper)));
        d = i32x4.add(d, i32x4.dot_i16x8_s(q2, v128.and(y, fifteen)));
        d = i32x4.add(d, i32x4.dot_i16x8_s(q3, v128.and(y, upper)));
        q += 64;
      }
      at += 256;
    }
    const sums = sumLanesOfFour(a, b, c, d);
    const scores = f32x4.mul(
      f32x4.sub(f32x4.convert_i32x4_s(sums), middle),
      f32x4.mul(queryScales, v128.load(scales + (row << 2))),
    );
    let hits = i32x4.bitmask(f32x4.ge(scores, bound));
    if (hits == 0) continue;
    hits &= <i32>load<u8>(live + (row >> 3)) >> (<i32>row & 4);
    if (toRow - row < 4) hits &= (1 << <i32>(toRow - row)) - 1;
    while (hits != 0) {
      store<u32>(out, <u32>row + ctz(hits));
      out += 4;
      hits &= hits - 1;
    }
  }
  return <u32>((out - start) >> 2);
}
