const FIRST_SLOTS = 8;
const MAX_SLOTS = 2048;
const MAX_LOAD = 0.75;

interface Bucket {
  /** How many low bits of the hash all keys in it share. */
  depth: number;
  /** Row id + 1, 0 when empty; linear probing. */
  slots: Uint32Array;
  count: number;
}

/**
 * Number → row id, some seven bytes an entry: the keys stay in the rows and are read through `keyOf`. It grows by
 * splitting one small bucket at a time, so that no insert ever stops the thread for long (extendible hashing: Fagin et
 * al., ACM TODS 4(3), 1979).
 */
export class RowTable {
  readonly #keyOf: (rowId: number) => number;
  #directory: Bucket[] = [newBucket(0)];
  #count = 0;

  constructor(keyOf: (rowId: number) => number) {
    this.#keyOf = keyOf;
  }

  get count(): number {
    return this.#count;
  }

  find(key: number): number | undefined {
    const hash = mix(key);
    const { slots } = this.#bucketOf(hash);
    const slot = slots[this.#probe(slots, hash, key)] as number;
    return slot === 0 ? undefined : slot - 1;
  }

  /** Puts or replaces; the key must be readable at the old row until this returns. */
  set(key: number, rowId: number): void {
    const hash = mix(key);
    let bucket = this.#bucketOf(hash);
    let at = this.#probe(bucket.slots, hash, key);
    if (bucket.slots[at] === 0) {
      while (bucket.count + 1 > bucket.slots.length * MAX_LOAD) {
        if (bucket.slots.length < MAX_SLOTS) this.#enlarge(bucket);
        else this.#split(bucket, hash);
        bucket = this.#bucketOf(hash);
      }
      at = this.#probe(bucket.slots, hash, key);
      bucket.count++;
      this.#count++;
    }
    bucket.slots[at] = rowId + 1;
  }

  /** The key must still be readable at its row. */
  delete(key: number): void {
    const hash = mix(key);
    const bucket = this.#bucketOf(hash);
    const { slots } = bucket;
    const mask = slots.length - 1;
    let hole = this.#probe(slots, hash, key);
    if (slots[hole] === 0) return;
    bucket.count--;
    this.#count--;
    // Those that follow move up, so that no probe ends early (Knuth, TAOCP 3, 6.4, algorithm R)
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = homeOf(mix(this.#keyOf((slots[at] as number) - 1)), mask);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at] as number;
      hole = at;
    }
    slots[hole] = 0;
  }

  *rowIds(): Iterable<number> {
    for (const bucket of new Set(this.#directory)) {
      for (const slot of bucket.slots) if (slot !== 0) yield slot - 1;
    }
  }

  #bucketOf(hash: number): Bucket {
    return this.#directory[hash & (this.#directory.length - 1)] as Bucket;
  }

  /** Slot of the key, or the empty one where it belongs. */
  #probe(slots: Uint32Array, hash: number, key: number): number {
    const mask = slots.length - 1;
    let at = homeOf(hash, mask);
    for (let slot = slots[at] as number; slot !== 0; slot = slots[at] as number) {
      if (this.#keyOf(slot - 1) === key) return at;
      at = (at + 1) & mask;
    }
    return at;
  }

  #enlarge(bucket: Bucket): void {
    const old = bucket.slots;
    bucket.slots = new Uint32Array(old.length * 2);
    bucket.count = 0;
    this.#refill(old, () => bucket);
  }

  #split(bucket: Bucket, hash: number): void {
    const bit = 2 ** bucket.depth;
    if (bit === this.#directory.length) this.#directory = [...this.#directory, ...this.#directory];
    const { slots } = bucket;
    const zero = newBucket(bucket.depth + 1, slots.length);
    const one = newBucket(bucket.depth + 1, slots.length);
    for (let i = hash & (bit - 1); i < this.#directory.length; i += bit) this.#directory[i] = i & bit ? one : zero;
    this.#refill(slots, (entryHash) => (entryHash & bit ? one : zero));
  }

  #refill(slots: Uint32Array, bucketFor: (hash: number) => Bucket): void {
    for (const slot of slots) {
      if (slot === 0) continue;
      const hash = mix(this.#keyOf(slot - 1));
      const bucket = bucketFor(hash);
      const mask = bucket.slots.length - 1;
      let at = homeOf(hash, mask);
      while (bucket.slots[at] !== 0) at = (at + 1) & mask;
      bucket.slots[at] = slot;
      bucket.count++;
    }
  }
}

function newBucket(depth: number, slots = FIRST_SLOTS): Bucket {
  return { depth, slots: new Uint32Array(slots), count: 0 };
}

/** The directory goes by the hash's low bits, the place in a bucket by its high ones. */
function homeOf(hash: number, mask: number): number {
  return (hash >>> 20) & mask;
}

/** Finaliser of MurmurHash3 (A. Appleby, public domain): every input bit sways every output bit. */
function mix(key: number): number {
  let hash = key;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
