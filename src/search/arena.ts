import { BuddyAllocator } from './buddy-allocator.ts';
import { type Kernel, wasmKernel } from './kernel.ts';
import { ROTATION_ROUNDS, SCRATCH, SIGN_BYTES } from './layout.ts';
import { createPlainKernel } from './plain-kernel.ts';
import { rotationSigns } from './rotation.ts';

const PAGE_BYTES = 65_536;

/** What a thread needs to work on an arena. */
export interface SharedArena {
  readonly arenaNo: number;
  readonly memory: WebAssembly.Memory;
  /** Where the threads' scratch rooms begin. */
  readonly scratchBase: number;
}

/** An arena as one thread sees it: the memory, typed views of it, the kernel over it and the thread's own scratch room. */
export class ArenaView {
  readonly kernel: Kernel;
  readonly f32: Float32Array;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly i16: Int16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  /** Address of this thread's scratch room. */
  readonly scratch: number;
  readonly #signs: number;
  #signsForDims = 0;

  /** `thread` 0 is the main one. */
  constructor(shared: SharedArena, module: WebAssembly.Module | undefined, thread: number) {
    const buffer = shared.memory.buffer;
    this.kernel = module ? wasmKernel(module, shared.memory) : createPlainKernel(buffer);
    this.f32 = new Float32Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.#signs = shared.scratchBase + thread * (SCRATCH.bytes + SIGN_BYTES);
    this.scratch = this.#signs + SIGN_BYTES;
  }

  /** Turns a vector into the scratch room, padded with zeros to `dims`, and makes it a unit vector again. */
  loadRotated(vector: Float32Array, dims: number): void {
    const { f32 } = this;
    const at = (this.scratch + SCRATCH.vector) >>> 2;
    let squares = 0;
    for (let i = 0; i < vector.length; i++) {
      const member = vector[i] as number;
      squares += member * member;
    }
    const factor = 1 / Math.sqrt(squares);
    for (let i = 0; i < vector.length; i++) f32[at + i] = (vector[i] as number) * factor;
    if (vector.length < dims) f32.fill(0, at + vector.length, at + dims);
    if (this.#signsForDims !== dims) {
      this.f32.set(rotationSigns(dims), this.#signs >>> 2);
      this.#signsForDims = dims;
    }
    this.kernel.rotate(this.scratch + SCRATCH.vector, this.#signs, dims, ROTATION_ROUNDS);
  }
}

/** A fixed stretch of shared memory that segments are cut from. Untouched pages take no real memory. */
export class Arena extends ArenaView {
  readonly shared: SharedArena;
  readonly bytes: number;
  readonly #allocator: BuddyAllocator;

  private constructor(shared: SharedArena, module: WebAssembly.Module | undefined, bytes: number) {
    super(shared, module, 0);
    this.shared = shared;
    this.bytes = bytes;
    this.#allocator = new BuddyAllocator(bytes, MIN_BLOCK_BYTES);
  }

  /** `bytes` for segments, a power of two, beside scratch rooms for `threads` threads. */
  static open(options: {
    readonly arenaNo: number;
    readonly bytes: number;
    readonly threads: number;
    readonly module: WebAssembly.Module | undefined;
  }): Arena {
    const pages = Math.ceil((options.bytes + options.threads * (SCRATCH.bytes + SIGN_BYTES)) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return new Arena({ arenaNo: options.arenaNo, memory, scratchBase: options.bytes }, options.module, options.bytes);
  }

  get reservedBytes(): number {
    return this.bytes - this.#allocator.freeBytes;
  }

  allocate(bytes: number): number | undefined {
    return this.#allocator.allocate(bytes);
  }

  free(address: number, bytes: number): void {
    this.#allocator.free(address, bytes);
  }
}

export const MIN_BLOCK_BYTES = 8192;
