/** A set of person numbers, readable by all threads: as bits, or, where they lie too far apart, as a sorted list. */
export type PersonSet = { readonly count: number } & (PersonBits | { readonly sorted: Uint32Array });

interface PersonBits {
  /** Bit i stands for person `first` + i. */
  readonly bits: Uint32Array;
  readonly first: number;
}

/** Bits for each member that are still thought a bargain. */
const MAX_BITS_PER_MEMBER = 256;

/** Without doubles; numbers no person can have are left out. */
export function personSet(personNos: readonly number[] | Uint32Array): PersonSet {
  const numbers =
    personNos instanceof Uint32Array ? personNos : Uint32Array.from(personNos.filter((no) => no >= 0 && no < 2 ** 32));
  let first = 2 ** 32;
  let last = -1;
  for (let i = 0; i < numbers.length; i++) {
    const personNo = numbers[i] as number;
    if (personNo < first) first = personNo;
    if (personNo > last) last = personNo;
  }
  const span = Math.max(0, last - first + 1);
  // Setting bits is ten times quicker than sorting, and leaves doubles out by itself
  return span <= numbers.length * MAX_BITS_PER_MEMBER ? bitSet(numbers, first, span) : sortedSet(numbers);
}

function bitSet(numbers: Uint32Array, first: number, span: number): PersonSet {
  const bits = new Uint32Array(new SharedArrayBuffer(Math.ceil(span / 32) * 4));
  let count = 0;
  for (let i = 0; i < numbers.length; i++) {
    const bit = (numbers[i] as number) - first;
    const word = bits[bit >>> 5] as number;
    const mask = 1 << (bit & 31);
    if ((word & mask) !== 0) continue;
    bits[bit >>> 5] = word | mask;
    count++;
  }
  return { count, bits, first };
}

function sortedSet(numbers: Uint32Array): PersonSet {
  const all = numbers.slice().sort();
  let count = 0;
  for (let i = 0; i < all.length; i++) {
    if (i === 0 || all[i] !== all[i - 1]) all[count++] = all[i] as number;
  }
  const sorted = new Uint32Array(new SharedArrayBuffer(count * 4));
  sorted.set(all.subarray(0, count));
  return { count, sorted };
}

/** By rising number. */
export function* membersOf(set: PersonSet): Iterable<number> {
  if ('sorted' in set) {
    yield* set.sorted;
    return;
  }
  for (let at = 0; at < set.bits.length; at++) {
    for (let word = set.bits[at] as number; word !== 0; word &= word - 1) {
      yield set.first + at * 32 + (31 - Math.clz32(word & -word));
    }
  }
}

/** A test of membership that is quick to ask many times. */
export function membership(set: PersonSet): (personNo: number) => boolean {
  if ('sorted' in set) return (personNo) => isIn(set.sorted, personNo);
  const { first, bits } = set;
  return (personNo) => {
    const bit = personNo - first;
    return bit >= 0 && bit < bits.length * 32 && (((bits[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1;
  };
}

function isIn(sorted: Uint32Array, number: number): boolean {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as number) < number) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === number;
}
