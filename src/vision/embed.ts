import { ALIGNED_SIDE_PX } from './align.ts';
import type { OnnxModel } from './onnx-session.ts';

export interface Embedding {
  /** Unit vector. */
  readonly vector: Float32Array;
  /** L2 norm before it became one. */
  readonly length: number;
}

/** Template of an aligned crop. Faces go one by one: a batch is no faster on a CPU and would hold its memory. */
export async function embedCrop(embedder: OnnxModel, crop: Uint8Array): Promise<Embedding> {
  const { output } = await embedder.run(crop, [1, ALIGNED_SIDE_PX, ALIGNED_SIDE_PX, 3]);
  if (!output) throw new Error('the embedding network answers without output');
  const length = Math.sqrt(output.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 0)) throw new Error('the embedding network answers with no direction');
  return { vector: output.map((value) => value / length), length };
}
