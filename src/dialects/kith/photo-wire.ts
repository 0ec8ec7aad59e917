// What goes over the wire about photos that are looked at and forgotten: detected, compared, grouped, ranked.
import Type, { type Static } from 'typebox';
import { DEFAULT_RECOGNITION_MODEL, MAX_CANDIDATES, MAX_PROBE_TTL_S, MIN_PROBE_TTL_S } from '../../core/limits.ts';
import { BOX_PATTERN, FoundCandidate, FoundFace, Outcome, Search } from './wire.ts';

/** All pairs of them are compared in one answer: a second of work, with 16 MB of scores. */
export const MAX_PROBES_COMPARED = 2000;

export const DetectQuery = Type.Object({
  keepForS: Type.Optional(
    Type.Integer({
      minimum: MIN_PROBE_TTL_S,
      maximum: MAX_PROBE_TTL_S,
      description: 'Keep a sealed probe of each face for so many seconds, to group and compare. Nothing when left out.',
    }),
  ),
  recognitionModel: Type.Optional(Type.String({ default: DEFAULT_RECOGNITION_MODEL })),
});
export const Detected = Type.Object({
  widthPx: Type.Integer(),
  heightPx: Type.Integer(),
  faces: Type.Array(
    Type.Object({
      ...FoundFace,
      probeId: Type.Optional(Type.String({ description: 'Only with `keepForS`.' })),
    }),
    { description: 'Largest first.' },
  ),
});

const FaceOfPhoto = Type.String({
  pattern: `^(largest|${BOX_PATTERN})$`,
  description: 'Which face is meant where a photo shows several: left,top,width,height, or `largest`.',
});
export const VerifyQuery = Type.Object({
  photoFace: Type.Optional(FaceOfPhoto),
  otherFace: Type.Optional(FaceOfPhoto),
  recognitionModel: Type.Optional(Type.String({ default: DEFAULT_RECOGNITION_MODEL })),
});
export const Verified = Type.Object({
  outcome: Type.Unsafe<Static<typeof Outcome>>({
    ...Outcome,
    description: 'match: very likely one person; review: ask a colleague; unknown: different people.',
  }),
  confidence: Type.Number({ description: '0.5 at the threshold.' }),
  score: Type.Number(),
  strangerRate: Type.Number({ description: 'Share of pairs of different people that come this close.' }),
  rule: Type.Object({
    model: Type.String(),
    threshold: Type.Number({ description: 'Score from which two faces are one person’s.' }),
    reviewThreshold: Type.Number({ description: 'Score from which they are worth a question.' }),
    expectedFmr: Type.Number({ description: 'Share of pairs of different people that reach the threshold.' }),
    expectedFmrInterval: Type.Tuple([Type.Number(), Type.Number()], { description: '90 % interval.' }),
    calibratedOn: Type.String(),
  }),
  faces: Type.Object({ photo: Type.Object(FoundFace), other: Type.Object(FoundFace) }),
});

const ProbeId = Type.String({ maxLength: 64, description: 'From /v1/detect with `keepForS`.' });

export const GroupRequest = Type.Object({
  probeIds: Type.Array(ProbeId, { minItems: 1, maxItems: MAX_PROBES_COMPARED }),
});
export const Grouped = Type.Object({
  groups: Type.Array(Type.Array(Type.String()), { description: 'Likely one person each, the largest group first.' }),
  alone: Type.Array(Type.String(), { description: 'Like no other.' }),
});

export const SimilarRequest = Type.Object({
  probeId: ProbeId,
  among: Type.Array(ProbeId, { minItems: 1, maxItems: MAX_PROBES_COMPARED }),
  maxFaces: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PROBES_COMPARED, default: 100 })),
});
const SimilarFace = Type.Object({
  probeId: Type.String(),
  outcome: Outcome,
  confidence: Type.Number({ description: '0.5 at the threshold for as many faces.' }),
  score: Type.Number(),
  strangerRate: Type.Number({ description: 'Share of strangers of whom one among as many faces comes this close.' }),
});
export const Similar = Type.Object({
  compared: Type.Integer({ description: 'Faces compared.' }),
  faces: Type.Array(SimilarFace, { description: 'Best first.' }),
});

export const SimilarPeopleRequest = Type.Object({
  probeId: ProbeId,
  maxCandidates: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CANDIDATES, default: 20 })),
});
export const SimilarPeople = Type.Object({
  outcome: Outcome,
  candidates: Type.Array(FoundCandidate, { description: 'Best first, however unlike.' }),
  search: Search,
});
