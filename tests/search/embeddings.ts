// Embedding-like unit vectors from a seed: identities spread over fewer dimensions than the vectors have, as a face
// model's are, so that strangers' scores spread by about .1.

/** Mulberry32 by T. Ettinger (public domain): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface EmbeddingMaker {
  /** A unit vector of somebody new. */
  stranger(): Float32Array;
  /** A unit vector at exactly this cosine to another. */
  mate(of: Float32Array, cosine: number): Float32Array;
}

/** Normal numbers to take slices of; signs of their own keep vectors from the same slice apart. */
const POOL = 1 << 18;

export function embeddingMaker(dims: number, seed: number): EmbeddingMaker {
  const random = seededRandom(seed);
  const pool = new Float32Array(POOL);
  for (let i = 0; i < POOL; i++) {
    pool[i] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }
  const weights = Float32Array.from({ length: dims }, (_, i) => spreadOf(i, dims));
  const stranger = (): Float32Array => {
    const from = Math.floor(random() * (POOL - dims));
    const vector = new Float32Array(dims);
    for (let i = 0, signs = 0; i < dims; i++, signs >>>= 1) {
      if (i % 32 === 0) signs = random() * 2 ** 32;
      const value = (pool[from + i] ?? 0) * (weights[i] ?? 0);
      vector[i] = signs & 1 ? value : -value;
    }
    return normalise(vector);
  };
  return {
    stranger,
    mate(of, cosine) {
      const other = stranger();
      const along = dot(of, other);
      for (let i = 0; i < dims; i++) other[i] = (other[i] ?? 0) - along * (of[i] ?? 0);
      normalise(other);
      const across = Math.sqrt(1 - cosine * cosine);
      for (let i = 0; i < dims; i++) other[i] = cosine * (of[i] ?? 0) + across * (other[i] ?? 0);
      return normalise(other);
    },
  };
}

/** Standard deviation of a member: falling, so that 512 dimensions count for about a hundred. */
export function spreadOf(dimension: number, dims: number): number {
  return 1 / Math.sqrt(1 + (dimension * 110) / dims);
}

export function normalise(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
