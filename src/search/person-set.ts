/** A set of person numbers, readable by all threads; with bits from its lowest to its highest unless those lie too far apart. */
export interface PersonSet {
  readonly count: number;
  /** Bit i stands for person `first` + i. */
  readonly bits: { readonly first: number; readonly words: Uint32Array } | undefined;
  readonly numbers: Uint32Array;
}

/** Bits for each member that are still thought a bargain. */
const MAX_BITS_PER_MEMBER = 256;

/** Sorted, without doubles; numbers no person can have are left out. */
export function personSet(personNos: readonly number[] | Uint32Array): PersonSet {
  const kept = personNos instanceof Uint32Array ? personNos : personNos.filter((no) => no >= 0 && no < 2 ** 32);
  const sorted = Uint32Array.from(kept).sort();
  let count = 0;
  for (const [i, personNo] of sorted.entries()) {
    if (i === 0 || personNo !== sorted[i - 1]) sorted[count++] = personNo;
  }
  const numbers = new Uint32Array(new SharedArrayBuffer(count * 4));
  numbers.set(sorted.subarray(0, count));
  return { count, bits: bitsOf(numbers), numbers };
}

function bitsOf(numbers: Uint32Array): PersonSet['bits'] {
  const first = numbers[0] ?? 0;
  const span = (numbers[numbers.length - 1] ?? 0) - first + 1;
  if (span > numbers.length * MAX_BITS_PER_MEMBER) return undefined;
  const words = new Uint32Array(new SharedArrayBuffer(Math.ceil(span / 32) * 4));
  for (const personNo of numbers) {
    const bit = personNo - first;
    words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
  }
  return { first, words };
}

/** A test of membership that is quick to ask many times. */
export function membership(set: PersonSet): (personNo: number) => boolean {
  const { bits, numbers } = set;
  if (!bits) return (personNo) => isIn(numbers, personNo);
  const { first, words } = bits;
  return (personNo) => {
    const bit = personNo - first;
    return bit >= 0 && bit < words.length * 32 && (((words[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1;
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
