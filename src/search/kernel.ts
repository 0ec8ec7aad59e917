/**
 * The inner loops, over addresses in one arena. Two makers answer to it: kernels/kernel.ts (WebAssembly SIMD) and
 * plain-kernel.ts; both give the same bits. Each function is described where it is written in kernels/kernel.ts.
 */
export interface Kernel {
  rotate(vector: number, signs: number, dims: number, rounds: number): void;
  quantise(vector: number, dims: number, out: number): number;
  placeRow(
    values: number,
    dims: number,
    high: number,
    low: number,
    sketches: number,
    planeBytes: number,
    row: number,
  ): number;
  takeRow(high: number, low: number, dims: number, row: number, out: number): void;
  quantiseQuery(vector: number, dims: number, out: number, sum: number): number;
  buildTables(vector: number, dims: number, out: number, lows: number): number;
  scanSketches(
    tables: number,
    bounds: number,
    planes: number,
    sketches: number,
    planeBytes: number,
    live: number,
    fromRow: number,
    toRow: number,
    out: number,
  ): number;
  refineRows(
    query: number,
    queryScale: number,
    querySum: number,
    dims: number,
    high: number,
    scales: number,
    minScore: number,
    rows: number,
    count: number,
  ): number;
  scoreRows(
    query: number,
    queryScale: number,
    querySum: number,
    dims: number,
    high: number,
    low: number,
    scales: number,
    rows: number,
    count: number,
    scores: number,
  ): void;
  scanHighNibbles(
    query: number,
    queryScale: number,
    querySum: number,
    dims: number,
    high: number,
    scales: number,
    live: number,
    fromRow: number,
    toRow: number,
    minScore: number,
    out: number,
  ): number;
}

export function wasmKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}
