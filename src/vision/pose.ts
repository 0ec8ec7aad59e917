import type { HeadPose } from '../core/types.ts';
import type { DetectedBox } from './detect.ts';
import type { CropTarget, FacePatch } from './face-patch.ts';
import type { OnnxModel } from './onnx-session.ts';

const SIDE_PX = 224;
/** Each angle is a distribution over 66 bins of 3° from −99° (Ruiz et al., CVPRW 2018). */
const BIN_DEG = 3;
const FIRST_BIN_DEG = -99;
/** Names the exporter gave the three heads. */
const YAW = 'output';
const PITCH = '617';
const ROLL = '618';

const PLANES: CropTarget['planes'] = [
  { channel: 0, scale: 1 / (255 * 0.229), shift: -0.485 / 0.229 },
  { channel: 1, scale: 1 / (255 * 0.224), shift: -0.456 / 0.224 },
  { channel: 2, scale: 1 / (255 * 0.225), shift: -0.406 / 0.225 },
];

/** Head pose in degrees. */
export async function estimatePose(estimator: OnnxModel, box: DetectedBox, patch: FacePatch): Promise<HeadPose> {
  const tensor = new Float32Array(3 * SIDE_PX * SIDE_PX);
  // The network was trained on boxes widened by a quarter on each side, squeezed to a square; a square of their mean
  // side keeps the proportions and changes the angles by less than its own error
  const side = 1.5 * Math.sqrt(box.widthPx * box.heightPx);
  const step = side / SIDE_PX;
  const leftPx = box.leftPx + (box.widthPx - side) / 2;
  const topPx = box.topPx + (box.heightPx - side) / 2;
  patch.crop(
    { a: step, b: 0, tx: leftPx + step / 2 - 0.5, ty: topPx + step / 2 - 0.5 },
    { tensor, offset: 0, widthPx: SIDE_PX, heightPx: SIDE_PX, planes: PLANES },
  );
  const outputs = await estimator.run(tensor, [1, 3, SIDE_PX, SIDE_PX]);
  return {
    yawDeg: expectedAngle(outputs[YAW]),
    pitchDeg: expectedAngle(outputs[PITCH]),
    rollDeg: expectedAngle(outputs[ROLL]),
  };
}

/** Mean of the angle under the softmax of its bins. */
function expectedAngle(logits: Float32Array | undefined): number {
  if (!logits) throw new Error('the pose network answers without one of its angles');
  const highest = Math.max(...logits);
  let total = 0;
  let weighted = 0;
  logits.forEach((logit, bin) => {
    const weight = Math.exp(logit - highest);
    total += weight;
    weighted += weight * bin;
  });
  return (weighted / total) * BIN_DEG + FIRST_BIN_DEG;
}
