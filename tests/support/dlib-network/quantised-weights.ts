// Weights as TensorFlow.js ships them: a JSON list of tensors and one binary file, of which most tensors take a byte a
// weight ("quantization" of tensorflowjs_converter: value = byte · scale + min).

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Absent where the weights are stored as they are, four bytes each. */
  readonly quantization?: { readonly dtype: string; readonly scale: number; readonly min: number };
}

/** Tensors by name. Throws when the manifest lists other kinds of weights, or not exactly as many as there are. */
export function readQuantisedWeights(manifest: Uint8Array, bytes: Uint8Array): ReadonlyMap<string, WeightTensor> {
  const groups = JSON.parse(new TextDecoder().decode(manifest)) as readonly {
    readonly weights: readonly WeightEntry[];
  }[];
  const tensors = new Map<string, WeightTensor>();
  let at = 0;
  for (const { name, shape, quantization } of groups.flatMap(({ weights }) => weights)) {
    if (quantization && quantization.dtype !== 'uint8') throw new Error(`${name} is stored as ${quantization.dtype}`);
    const count = shape.reduce((product, dim) => product * dim, 1);
    // A copy: four-byte values must begin at a multiple of four
    const stored = Uint8Array.from(bytes.subarray(at, at + count * (quantization ? 1 : 4)));
    at += count * (quantization ? 1 : 4);
    if (at > bytes.length) throw new Error(`the file of weights ends within ${name}`);
    const values = quantization
      ? Float32Array.from(stored, (byte) => byte * quantization.scale + quantization.min)
      : new Float32Array(stored.buffer);
    tensors.set(name, { shape, values });
  }
  if (at !== bytes.length) throw new Error(`the manifest lists ${at} bytes of weights, the file holds ${bytes.length}`);
  return tensors;
}
