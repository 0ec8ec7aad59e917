import { KithError } from '../core/errors.ts';
import { Arena, MIN_BLOCK_BYTES } from './arena.ts';

const MIB = 2 ** 20;
/** The first arena is small, for small services; the others are large, since each costs 8 GiB of address space in V8. */
const FIRST_ARENA_BYTES = 256 * MIB;
const ARENA_BYTES = 1024 * MIB;
/** Cleared between two turns of the event loop: a tenth of a millisecond. */
const CLEAR_BYTES = MIB;

/** A stretch of an arena, all zero when it is handed out. */
export interface Block {
  readonly arena: Arena;
  readonly address: number;
  readonly bytes: number;
}

export interface ArenaPoolOptions {
  /** Threads that will work on the arenas, the main one included. */
  readonly threads: number;
  readonly module: WebAssembly.Module | undefined;
  readonly onOpened: (arena: Arena) => void;
}

/** All memory of the index. What is given back is overwritten with zeros before it is used again. */
export class ArenaPool {
  readonly #options: ArenaPoolOptions;
  readonly #arenas: Arena[] = [];
  readonly #dirty: { block: Block; cleared: number }[] = [];
  #clearing: NodeJS.Immediate | undefined;

  constructor(options: ArenaPoolOptions) {
    this.#options = options;
  }

  get arenas(): readonly Arena[] {
    return this.#arenas;
  }

  get reservedBytes(): number {
    return this.#arenas.reduce((sum, arena) => sum + arena.reservedBytes, 0);
  }

  /** The arena in which queries are prepared. */
  get first(): Arena {
    return this.#arenas[0] ?? this.#open();
  }

  allocate(minBytes: number): Block {
    const bytes = Math.max(MIN_BLOCK_BYTES, 2 ** Math.ceil(Math.log2(minBytes)));
    for (const arena of this.#arenas) {
      const address = arena.allocate(bytes);
      if (address !== undefined) return { arena, address, bytes };
    }
    const arena = this.#open();
    return { arena, address: arena.allocate(bytes) as number, bytes };
  }

  release(block: Block): void {
    this.#dirty.push({ block, cleared: 0 });
    this.#clearing ??= setImmediate(() => this.#clearNext());
  }

  close(): void {
    if (this.#clearing) clearImmediate(this.#clearing);
    this.#arenas.length = 0;
    this.#dirty.length = 0;
  }

  #open(): Arena {
    const { threads, module } = this.#options;
    const bytes = this.#arenas.length === 0 ? FIRST_ARENA_BYTES : ARENA_BYTES;
    try {
      const arena = Arena.open({ arenaNo: this.#arenas.length, bytes, threads, module });
      this.#arenas.push(arena);
      this.#options.onOpened(arena);
      return arena;
    } catch (error) {
      const held = this.#arenas.reduce((sum, arena) => sum + arena.bytes, 0);
      throw new KithError(
        {
          kind: 'limit-exceeded',
          limit: 'index-memory',
          max: held,
          message: `The index holds ${Math.round(held / MIB)} MiB and this machine gives it no more memory.`,
        },
        { cause: error },
      );
    }
  }

  #clearNext(): void {
    this.#clearing = undefined;
    const next = this.#dirty[0];
    if (!next) return;
    const { arena, address, bytes } = next.block;
    const end = Math.min(bytes, next.cleared + CLEAR_BYTES);
    arena.u8.fill(0, address + next.cleared, address + end);
    next.cleared = end;
    if (end === bytes) {
      this.#dirty.shift();
      arena.free(address, bytes);
    }
    this.#clearing = setImmediate(() => this.#clearNext());
  }
}
