import { ALIGNED_SIDE_PX } from './align.ts';
import type { CropTarget, FacePatch, Similarity } from './face-patch.ts';
import type { OnnxModel } from './onnx-session.ts';

/** Values of one aligned crop in a tensor. */
export const ALIGNED_VALUES = 3 * ALIGNED_SIDE_PX * ALIGNED_SIDE_PX;

/** Blue, green, red; a byte b becomes (b − 127) / 128. */
const PLANES: CropTarget['planes'] = ([2, 1, 0] as const).map((channel) => ({
  channel,
  scale: 1 / 128,
  shift: -127 / 128,
}));

export interface Embedding {
  /** Unit vector. */
  readonly vector: Float32Array;
  /** L2 norm before it became one. */
  readonly length: number;
}

/** The aligned crop, as the network wants it: 3 planes of 112 × 112. */
export function cropAligned(patch: FacePatch, toPhoto: Similarity): Float32Array {
  const tensor = new Float32Array(ALIGNED_VALUES);
  patch.crop(toPhoto, { tensor, offset: 0, widthPx: ALIGNED_SIDE_PX, heightPx: ALIGNED_SIDE_PX, planes: PLANES });
  return tensor;
}

/** One template a crop. They go one by one: a batch is no faster on a CPU and would hold its memory. */
export async function embedCrop(embedder: OnnxModel, crop: Float32Array): Promise<Embedding> {
  const { output } = await embedder.run(crop, [1, 3, ALIGNED_SIDE_PX, ALIGNED_SIDE_PX]);
  if (!output) throw new Error('the embedding network answers without output');
  const length = Math.hypot(...output);
  if (!(length > 0)) throw new Error('the embedding network answers with no direction');
  return { vector: output.map((value) => value / length), length };
}
