import type { FaceTarget } from '../../core/face-choice.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { type VerifiedPhotos, verifyPhotos } from '../../core/operations/verify-photos.ts';
import type { Deps } from '../../core/ports.ts';
import { Verified, VerifyQuery } from './photo-wire.ts';
import type { Routes } from './route.ts';
import { parseBox, wireFoundFace } from './wire.ts';

export function addVerifyRoute(routes: Routes, deps: Deps): void {
  routes.photos({
    method: 'POST',
    path: '/verify',
    summary: 'Do these two photos show the same person? Nothing of them is kept',
    permission: 'search',
    about: 'no-gallery',
    query: VerifyQuery,
    photos: ['photo', 'other'],
    answers: Verified,
    async handle({ audit, query, body, signal }) {
      const { photoFace, otherFace, recognitionModel = DEFAULT_RECOGNITION_MODEL } = query;
      const verified = await verifyPhotos(
        { ...deps, audit },
        {
          photos: [
            { name: 'photo', image: body.photo, target: targetOf(photoFace) },
            { name: 'other', image: body.other, target: targetOf(otherFace) },
          ],
          recognitionModel,
          signal,
        },
      );
      const { outcome, confidence, score, strangerRate } = verified;
      const [photo, other] = verified.faces;
      return {
        outcome,
        confidence,
        score,
        strangerRate,
        rule: wireRule(verified),
        faces: { photo: wireFoundFace(photo), other: wireFoundFace(other) },
      };
    },
  });
}

function targetOf(text: string | undefined): FaceTarget {
  return text === undefined || text === 'largest' ? text : parseBox(text);
}

function wireRule({ packId, rule }: VerifiedPhotos) {
  return {
    model: packId,
    threshold: rule.thresholdScore,
    reviewThreshold: rule.reviewScore,
    // A comparison of two is a search among one, of which the false positive rate is the false match rate
    expectedFmr: rule.expectedFpir,
    expectedFmrInterval: [...rule.expectedFpirInterval] as [number, number],
    calibratedOn: rule.tail.measuredOn,
  };
}
