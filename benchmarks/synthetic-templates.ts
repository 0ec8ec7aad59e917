// Templates that behave like a face model's, from a seed: a million real people can't be had.

const DIMS = 512;
/** Identities differ in this many directions only, as those of a face model do; it sets how close strangers come. */
const IDENTITY_DIMS = 48;
/** Mean cosine of two templates of one person. */
const GENUINE_COSINE = 0.65;

export interface SyntheticPeople {
  /** A fresh template of a person, unit length; their templates have cosines of about .65 ± .1, strangers' 0 ± .1. */
  template(personNo: number): Float32Array;
}

/**
 * A person's centre is a random direction in a subspace, a template that centre plus noise in all 512 dimensions; random
 * signs and a Hadamard transform then turn the subspace out of the axes. `seed` and `personNo` fix the centre, each call
 * draws new noise; with another `noiseSeed` the same people on other photos.
 */
export function syntheticPeople(seed: number, noiseSeed = seed): SyntheticPeople {
  const spread = gaussian(noiseSeed ^ 0x5bd1e995);
  const bits = xorshift(noiseSeed ^ 0x2545f491);
  const signs = Float32Array.from({ length: DIMS }, signOf(seed));
  return {
    template(personNo) {
      const own = gaussian(Math.imul(seed, 0x9e3779b1) ^ Math.imul(personNo + 1, 0x85ebca6b));
      // Some photos are better than others: the share of noise differs from photo to photo.
      const cosine = Math.min(0.9, Math.max(0.3, GENUINE_COSINE + 0.14 * spread()));
      const centreScale = Math.sqrt(cosine / IDENTITY_DIMS);
      const noiseScale = Math.sqrt((1 - cosine) / DIMS);
      const vector = new Float32Array(DIMS);
      // Noise of one size and random sign in each direction is as good as a normal one once it is turned.
      for (let i = 0, word = 0; i < DIMS; i++, word >>>= 1) {
        if (i % 32 === 0) word = bits();
        const noise = word & 1 ? noiseScale : -noiseScale;
        vector[i] = ((i < IDENTITY_DIMS ? centreScale * own() : 0) + noise) * (signs[i] as number);
      }
      hadamard(vector);
      return unit(vector);
    },
  };
}

function signOf(seed: number): () => number {
  const random = xorshift(seed);
  return () => (random() & 1 ? 1 : -1);
}

/** Walsh–Hadamard transform in place, not scaled. */
function hadamard(vector: Float32Array): void {
  for (let half = 1; half < vector.length; half *= 2) {
    for (let i = 0; i < vector.length; i += half * 2) {
      for (let j = i; j < i + half; j++) {
        const x = vector[j] as number;
        const y = vector[j + half] as number;
        vector[j] = x + y;
        vector[j + half] = x - y;
      }
    }
  }
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const x of vector) squares += x * x;
  const factor = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) * factor;
  return vector;
}

/** Normal deviates (Marsaglia's polar method) over xorshift32. */
function gaussian(seed: number): () => number {
  const random = xorshift(seed);
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = random() / 2 ** 31 - 1;
      const v = random() / 2 ** 31 - 1;
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
}

function xorshift(seed: number): () => number {
  let state = seed | 0 || 1;
  // The first numbers of close seeds are close.
  for (let i = 0; i < 8; i++) next();
  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  }
  return next;
}
