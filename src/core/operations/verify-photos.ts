import { packFor } from '../checks.ts';
import { decide, decisionRule, type Outcome, strangerRate } from '../decide.ts';
import type { FaceTarget } from '../face-choice.ts';
import type { Deps } from '../ports.ts';
import { type FaceToEnrol, readFaceToEnrol } from './enrol-face.ts';
import { type Verification, verifyTemplates } from './verify.ts';

export interface PhotoVerification extends Verification {
  /** `review` where the score is too near the threshold to be sure either way. */
  readonly outcome: Outcome;
  /** Share of pairs of different people, 0..1, that come this close. */
  readonly strangerRate: number;
}

/** The face of one photo to be compared; image-unusable says why there is none. Keeps nothing. */
export async function readFaceToCompare(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  photo: { readonly image: Uint8Array; readonly target: FaceTarget; readonly recognitionModel: string },
): Promise<FaceToEnrol> {
  const { packId } = packFor(deps, photo.recognitionModel);
  return readFaceToEnrol(deps, { ...photo, packId });
}

/** Are two faces, read under one recognition model, one person's? */
export function verifyFaces(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  pair: { readonly a: FaceToEnrol; readonly b: FaceToEnrol; readonly recognitionModel: string },
): PhotoVerification {
  const { recognitionModel } = pair;
  const verification = verifyTemplates(deps, { a: pair.a.template, b: pair.b.template, recognitionModel });
  const { calibration } = packFor(deps, recognitionModel);
  // A comparison of two is a search among one
  const rule = decisionRule(calibration, { persons: 1, enrolments: 1, targetFpir: undefined, ownTail: undefined });
  return {
    ...verification,
    outcome: decide([verification.score], rule, calibration),
    strangerRate: strangerRate(rule, verification.score),
  };
}
