import { ROTATION_ROUNDS } from './layout.ts';

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
