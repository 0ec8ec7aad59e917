/** One way of searching, as the benchmark drives it. Rows are numbered from 0; an answer is row numbers, closest first. */
export interface BenchEngine {
  /** What was chosen, for the notes: parameters and versions. */
  readonly settings: string;
  add(first: number, vectors: readonly Float32Array[]): Promise<void> | void;
  /** Ends the loading. */
  finish?(): Promise<void> | void;
  search(vector: Float32Array, wanted: number): Promise<readonly number[]> | readonly number[];
  /** Only among these rows. */
  searchAmong?(
    vector: Float32Array,
    wanted: number,
    allowed: Uint32Array,
  ): Promise<readonly number[]> | readonly number[];
  remove?(row: number): Promise<void> | void;
  /** Bytes on disk, for engines that keep their data there. */
  diskBytes?(): number;
  close(): Promise<void> | void;
}

export interface EngineOptions {
  readonly rows: number;
  readonly dims: number;
  /** A folder of its own. */
  readonly folder: string;
  /** With the gallery, for engines that read templates back. */
  readonly dataFolder: string;
}
