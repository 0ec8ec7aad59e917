import type { FaceMeasurements, Quality, QualityReason } from '../core/types.ts';

/** Judges how far a face can be trusted for recognition. `eyeDistancePx` is measured in the photo. */
export function judgeQuality(measured: FaceMeasurements, eyeDistancePx: number): Quality {
  const low: QualityReason[] = [];
  const medium: QualityReason[] = [];
  const judge = (reason: QualityReason, isLow: boolean, isMedium: boolean): void => {
    if (isLow) low.push(reason);
    else if (isMedium) medium.push(reason);
  };
  const { yawDeg, pitchDeg } = measured.pose;
  const turned = Math.hypot(yawDeg, pitchDeg);
  judge('indistinct', measured.templateLength < 2.5, measured.templateLength < 3);
  judge('too-small', eyeDistancePx < 12, eyeDistancePx < 24);
  judge('turned-away', turned > 50, turned > 30);
  judge('blurred', measured.blur > 0.75, measured.blur > 0.6);
  judge('too-dark', measured.exposure < 0.12, measured.exposure < 0.2);
  judge('too-bright', measured.exposure > 0.88, measured.exposure > 0.8);
  judge('eyes-covered', false, measured.sunglasses > 0.5 || measured.eyesOccluded > 0.5);
  judge('mouth-covered', false, measured.mask > 0.5 || measured.mouthOccluded > 0.5);
  const reasons = [...low, ...medium];
  return { level: low.length > 0 ? 'low' : medium.length > 0 ? 'medium' : 'high', reasons };
}
