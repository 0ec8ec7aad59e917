import type { Calibration, ModelPack } from '../core/types.ts';
import type { ModelManifest } from './parse-manifest.ts';

/**
 * Of a model that nobody has measured: no score is high enough. A guess would name strangers: what is a sure match in one
 * network (.6 in ArcFace's kind) every two strangers reach in another (1 pair in 10,000 above .97 in dlib's, on LFW).
 */
export const UNMEASURED_CALIBRATION: Calibration = {
  midpointScore: 1,
  slope: 30,
  impostorTail: [
    { score: 0.9999, falseMatchRate: 1e-2 },
    { score: 1, falseMatchRate: 1e-3 },
  ],
  measuredOn: 'Nothing yet: measure the model with "kith models calibrate" on labelled photos.',
};

/** The pack as the core knows it. */
export function packOf(manifest: ModelManifest): ModelPack {
  const { packId, version, dims, description, weightsLicence, trainingData, calibration } = manifest;
  return {
    packId,
    version,
    dims,
    description,
    weightsLicence,
    trainingData,
    calibration: calibration ?? UNMEASURED_CALIBRATION,
  };
}
