/**
 * Gives out power-of-two blocks of one stretch of memory and joins freed neighbours again (Knowlton, "A fast storage
 * allocator", CACM 8(10), 1965). Addresses only: it never touches the memory.
 */
export class BuddyAllocator {
  readonly #minLog2: number;
  readonly #free: Set<number>[];
  readonly totalBytes: number;
  freeBytes: number;

  /** Both powers of two. */
  constructor(totalBytes: number, minBlockBytes: number) {
    this.#minLog2 = Math.log2(minBlockBytes);
    this.totalBytes = totalBytes;
    this.freeBytes = totalBytes;
    const levels = Math.log2(totalBytes) - this.#minLog2 + 1;
    this.#free = Array.from({ length: levels }, () => new Set<number>());
    this.#level(totalBytes).add(0);
  }

  #level(bytes: number): Set<number> {
    const level = this.#free[Math.log2(bytes) - this.#minLog2];
    if (!level) throw new RangeError(`no blocks of ${bytes} bytes`);
    return level;
  }

  /** Address of a block of `bytes` (a power of two, at least the smallest), or undefined when none is left. */
  allocate(bytes: number): number | undefined {
    let size = bytes;
    while (size <= this.totalBytes && this.#level(size).size === 0) size *= 2;
    if (size > this.totalBytes) return undefined;
    const address = this.#level(size).values().next().value as number;
    this.#level(size).delete(address);
    while (size > bytes) {
      size /= 2;
      this.#level(size).add(address + size);
    }
    this.freeBytes -= bytes;
    return address;
  }

  free(address: number, bytes: number): void {
    this.freeBytes += bytes;
    let at = address;
    let size = bytes;
    while (size < this.totalBytes) {
      const buddy = Math.floor(at / size) % 2 === 0 ? at + size : at - size;
      if (!this.#level(size).delete(buddy)) break;
      at = Math.min(at, buddy);
      size *= 2;
    }
    this.#level(size).add(at);
  }
}
