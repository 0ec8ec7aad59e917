import { paddedDims, ROTATION_ROUNDS } from './layout.ts';

/** Changing it would make every snapshot unreadable. */
const SEED = 0x4b697468;

/**
 * Signs of the rotation that every template goes through before it is kept: random signs and a Hadamard transform, four
 * times over. It keeps all angles and spreads every template evenly over its dimensions, so that its sign bits say
 * something of the angle whatever model made it (Ailon & Chazelle, "The fast Johnson–Lindenstrauss transform",
 * SIAM J. Comput. 39(1), 2009). Its seed is no secret.
 */
export function rotationSigns(dims: number): Float32Array {
  const signs = new Float32Array(ROTATION_ROUNDS * dims);
  const random = xorshift32(SEED ^ dims);
  for (let i = 0; i < signs.length; i++) signs[i] = random() & 1 ? 1 : -1;
  return signs;
}

const knownSigns = new Map<number, Float32Array>();

/** The vector as unit vector of whole planes, rotated: what the kernels do in shared memory, for a vector that isn't there. */
export function rotateVector(vector: Float32Array): Float32Array {
  const dims = paddedDims(vector.length);
  const signs = knownSigns.get(dims) ?? rotationSigns(dims);
  knownSigns.set(dims, signs);
  const rotated = new Float32Array(dims);
  let squares = 0;
  for (const member of vector) squares += member * member;
  const factor = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) rotated[i] = (vector[i] as number) * factor;
  const n = 2 ** Math.floor(Math.log2(dims));
  for (let round = 0; round < ROTATION_ROUNDS; round++) {
    for (let i = 0; i < dims; i++) rotated[i] = (rotated[i] as number) * (signs[round * dims + i] as number);
    hadamard(round & 1 ? rotated.subarray(dims - n) : rotated.subarray(0, n));
  }
  return rotated;
}

function hadamard(values: Float32Array): void {
  for (let half = 1; half < values.length; half *= 2) {
    for (let i = 0; i < values.length; i += half * 2) {
      for (let j = i; j < i + half; j++) {
        const x = values[j] as number;
        const y = values[j + half] as number;
        values[j] = x + y;
        values[j + half] = x - y;
      }
    }
  }
  const scale = 1 / Math.sqrt(values.length);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * scale;
}

/** Marsaglia, "Xorshift RNGs", J. Stat. Software 8(14), 2003. */
function xorshift32(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 16;
  };
}
