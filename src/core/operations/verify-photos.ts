import { packFor } from '../checks.ts';
import { type DecisionRule, decide, decisionRule, type Outcome, strangerRate } from '../decide.ts';
import { KithError } from '../errors.ts';
import type { FaceTarget } from '../face-choice.ts';
import type { Acting, Deps } from '../ports.ts';
import { type FaceToEnrol, readFaceToEnrol } from './enrol-face.ts';
import { type Verification, verifyTemplates } from './verify.ts';

export interface PhotoVerification extends Verification {
  /** `review` where the score is too near the threshold to be sure either way. */
  readonly outcome: Outcome;
  /** Share of pairs of different people, 0..1, that come this close. */
  readonly strangerRate: number;
  readonly rule: DecisionRule;
}

export interface PhotoToCompare {
  readonly image: Uint8Array;
  readonly target: FaceTarget;
}

/** The face of one photo to be compared; image-unusable says why there is none. Keeps nothing. */
export async function readFaceToCompare(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  photo: PhotoToCompare & { readonly recognitionModel: string; readonly signal?: AbortSignal },
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
    rule,
  };
}

export interface VerifiedPhotos extends PhotoVerification {
  readonly packId: string;
  readonly faces: readonly [FaceToEnrol, FaceToEnrol];
}

/**
 * Do two photos show one person? Keeps nothing of them; that they were compared is on record before anybody gets the
 * answer. image-unusable says which of the two can't be compared, by the names they are given.
 */
export async function verifyPhotos(
  deps: Pick<Deps, 'engine' | 'recognitionModels'> & Acting,
  input: {
    readonly photos: readonly [PhotoToVerify, PhotoToVerify];
    readonly recognitionModel: string;
    readonly signal?: AbortSignal;
  },
): Promise<VerifiedPhotos> {
  const { recognitionModel, signal } = input;
  const { packId } = packFor(deps, recognitionModel);
  const read = (photo: PhotoToVerify): Promise<FaceToEnrol> =>
    readFaceToCompare(deps, { ...photo, recognitionModel, ...(signal ? { signal } : {}) }).catch((error: unknown) => {
      throw naming(photo.name, error);
    });
  const [first, second] = input.photos;
  // One after the other, so that of two bad photos the first is named
  const faces = [await read(first), await read(second)] as const;
  const verified = verifyFaces(deps, { a: faces[0], b: faces[1], recognitionModel });
  const { score, rule } = verified;
  await deps.audit.record({
    action: 'verify',
    outcome: 'done',
    recognitionModel,
    packId,
    probeIds: [],
    thresholdScore: rule.thresholdScore,
    score,
  });
  return { ...verified, packId, faces };
}

interface PhotoToVerify extends PhotoToCompare {
  /** Said in refusals. */
  readonly name: string;
}

function naming(name: string, error: unknown): unknown {
  if (!(error instanceof KithError) || error.problem.kind !== 'image-unusable') return error;
  return new KithError({ ...error.problem, message: `"${name}": ${error.problem.message}` }, { cause: error });
}
