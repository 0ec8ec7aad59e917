import type { HeadPose } from '../core/types.ts';
import type { DetectedBox } from './detect.ts';
import type { FacePatch, Similarity } from './face-patch.ts';
import type { OnnxModel } from './onnx-session.ts';

const SIDE_PX = 224;
/** Side of the crop in box sides. Its makers widened boxes by half; hats and hands then turn heads about (docs/accuracy.md). */
const WIDENING = 1.2;
/** Each angle is a distribution over 66 bins of 3° from −99° (Ruiz et al., CVPRW 2018). */
const BIN_DEG = 3;
const FIRST_BIN_DEG = -99;
/** Names the exporter gave the heads; the third is roll, which the landmarks tell better. */
const YAW = 'output';
const PITCH = '617';
/** What the network says of a face turned straight: half the sum over photos and their mirror images, */
const STRAIGHT_YAW_DEG = -1.5;
/** and the median over portraits of LFW-dev, whose people look into the camera. */
const LEVEL_PITCH_DEG = -6;

export interface PoseInput {
  readonly box: DetectedBox;
  readonly patch: FacePatch;
  /** Aligned crop → photo. */
  readonly alignment: Similarity;
}

/**
 * Head pose, degrees. Roll is the alignment's own rotation; yaw and pitch come from a crop turned upright by it, so
 * that a tilted head does not lean into them. How far they repeat: docs/accuracy.md.
 */
export async function estimatePose(estimator: OnnxModel, { box, patch, alignment }: PoseInput): Promise<HeadPose> {
  const step = (WIDENING * Math.sqrt(box.widthPx * box.heightPx)) / SIDE_PX;
  const roll = Math.atan2(alignment.b, alignment.a);
  const crop = patch.crop(uprightCrop(box, step, roll), SIDE_PX);
  const outputs = await estimator.run(crop, [1, SIDE_PX, SIDE_PX, 3]);
  return {
    // The network counts towards the viewer's left
    yawDeg: STRAIGHT_YAW_DEG - expectedAngle(outputs[YAW]),
    pitchDeg: expectedAngle(outputs[PITCH]) - LEVEL_PITCH_DEG,
    rollDeg: (roll * 180) / Math.PI,
  };
}

/** Crop of `step` photo pixels a pixel around the middle of the box, turned by `roll`. */
function uprightCrop(box: DetectedBox, step: number, roll: number): Similarity {
  const a = step * Math.cos(roll);
  const b = step * Math.sin(roll);
  const middle = (SIDE_PX - 1) / 2;
  return {
    a,
    b,
    tx: box.leftPx + box.widthPx / 2 - 0.5 - (a - b) * middle,
    ty: box.topPx + box.heightPx / 2 - 0.5 - (b + a) * middle,
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
