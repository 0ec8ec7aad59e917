// What goes over the wire of Kith's own API. Optional members are left out, not null; rates and confidences are 0..1.
import Type, { type Static } from 'typebox';
import {
  DEFAULT_RETENTION_DAYS,
  MAX_CANDIDATES,
  MAX_ID_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PAGE,
  MAX_PERSONS_LARGE_PERSON_GALLERY,
  MAX_RETENTION_DAYS,
  MAX_TERMS_LENGTH,
  MAX_USER_DATA_LENGTH,
} from '../../core/limits.ts';
import type { Box, Quality } from '../../core/types.ts';
import { NewConsent } from './consent-wire.ts';

const Rate = Type.Number({ minimum: 0, maximum: 1 });
const Name = Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH });
const UserData = Type.String({ maxLength: MAX_USER_DATA_LENGTH });

export const GalleryId = Type.String({ pattern: '^[a-z0-9_-]+$', maxLength: MAX_ID_LENGTH });
/** What isn't of an id's form is nobody's id, so it reaches core and is not found. */
export const PersonId = Type.String({ maxLength: MAX_ID_LENGTH });
const GalleryPathId = Type.String({ maxLength: MAX_ID_LENGTH });

export const GalleryParams = Type.Object({ galleryId: GalleryPathId });
export const PersonParams = Type.Object({ galleryId: GalleryPathId, personId: PersonId });
export const FaceParams = Type.Object({ galleryId: GalleryPathId, personId: PersonId, faceId: PersonId });

export const Page = Type.Object({
  after: Type.Optional(Type.String({ description: 'The last id of the page before.', maxLength: MAX_ID_LENGTH })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
});

// ── Galleries and people ────────────────────────────────────────────────────

const KeepPhotos = Type.Boolean({
  description:
    'Keep a small, sealed picture of each enrolled face, to show and to change the model by. Off by default.',
});

const TargetFpir = Type.Number({
  exclusiveMinimum: 0,
  exclusiveMaximum: 1,
  description: 'Share of strangers you accept being shown a name: 0.01 is about one in a hundred.',
});

const Terms = {
  purpose: Type.Optional(
    Type.String({
      maxLength: MAX_TERMS_LENGTH,
      description: 'Why faces are recognised here. Published at /.well-known/biometric-policy, so name nobody in it.',
    }),
  ),
  lawfulBasis: Type.Optional(
    Type.String({ maxLength: MAX_TERMS_LENGTH, description: 'What law allows it. Published, as the purpose is.' }),
  ),
  retentionDays: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_RETENTION_DAYS,
      default: DEFAULT_RETENTION_DAYS,
      description: 'Whom nobody enrolled, found or verified for so many days is erased.',
    }),
  ),
  consentPolicy: Type.Optional(
    Type.Enum(['attested', 'required'], {
      default: 'attested',
      description:
        'attested: whoever sets it attests that everybody enrolled here consented, or that the law asks for no consent. required: no face is enrolled without that person’s consent on record.',
    }),
  ),
  twoPersonRule: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whom a search names counts as found only once two people said so, each with a key of their own: see /galleries/{galleryId}/reviews.',
    }),
  ),
};

export const NewGallery = Type.Object({
  name: Type.Optional(Name),
  userData: Type.Optional(UserData),
  recognitionModel: Type.Optional(Type.String()),
  targetFpir: Type.Optional(TargetFpir),
  keepPhotos: Type.Optional(KeepPhotos),
  ...Terms,
});
export const GalleryPatch = Type.Object({
  name: Type.Optional(Name),
  userData: Type.Optional(UserData),
  targetFpir: Type.Optional(TargetFpir),
  keepPhotos: Type.Optional(KeepPhotos),
  ...Terms,
});

/** What a search is decided by. */
const Decision = {
  model: Type.String(),
  threshold: Type.Number({ description: 'Score from which somebody is a match here.' }),
  reviewThreshold: Type.Number({ description: 'Score from which somebody is worth a question.' }),
  targetFpir: Rate,
  expectedFpir: Type.Number({ description: 'Share of strangers expected to be shown a name.' }),
  expectedFpirInterval: Type.Tuple([Type.Number(), Type.Number()], { description: '90 % interval.' }),
  calibratedOn: Type.String(),
};

export const Search = Type.Object({
  gallerySize: Type.Integer({ description: 'People in the gallery.' }),
  searched: Type.Integer({ description: 'Enrolled photos compared.' }),
  exact: Type.Boolean(),
  recall: Type.Number({ description: 'Measured share of searches answered as comparing everything would.' }),
  ...Decision,
});

export const Gallery = Type.Object({
  galleryId: Type.String(),
  name: Type.String(),
  userData: Type.Optional(Type.String()),
  recognitionModel: Type.String(),
  targetFpir: Type.Optional(Type.Number()),
  keepPhotos: Type.Boolean(),
  purpose: Type.Optional(Type.String()),
  lawfulBasis: Type.Optional(Type.String()),
  retentionDays: Type.Integer(),
  consentPolicy: Type.Enum(['attested', 'required']),
  twoPersonRule: Type.Boolean(),
  createdAt: Type.String({ format: 'date-time' }),
  people: Type.Integer(),
  faces: Type.Integer(),
});
export const Galleries = Type.Object({ galleries: Type.Array(Gallery) });
export const GalleryStats = Type.Object({
  galleryId: Type.String(),
  name: Type.String(),
  people: Type.Integer(),
  faces: Type.Integer(),
  keepPhotos: Type.Boolean(),
  twoPersonRule: Type.Boolean(),
  recognitionModel: Type.String(),
  ...Decision,
  calibratedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the rates were measured on the gallery’s own faces.' }),
  ),
  calibratedEnrolments: Type.Optional(Type.Integer({ description: 'On how many of them.' })),
});

export const NewPerson = Type.Object({
  name: Name,
  userData: Type.Optional(UserData),
  consent: Type.Optional(NewConsent),
});
export const PersonPatch = Type.Object({ name: Type.Optional(Name), userData: Type.Optional(UserData) });
export const NameQuery = Type.Object({
  containing: Type.Optional(Type.String({ maxLength: MAX_NAME_LENGTH })),
  order: Type.Optional(Type.Enum(['name', 'newest'], { default: 'name' })),
  after: Type.Optional(Type.String({ maxLength: 1024, description: '`next` of the page before, in the same order.' })),
  skip: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_PERSONS_LARGE_PERSON_GALLERY,
      description: 'Of those that come then, so many are passed over.',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
  count: Type.Optional(Type.Boolean({ description: 'Also answer how many there are on all pages.' })),
});
export const Person = Type.Object({
  personId: Type.String(),
  name: Type.String(),
  userData: Type.Optional(Type.String()),
  createdAt: Type.String({ format: 'date-time' }),
  faceIds: Type.Array(Type.String()),
});
export const People = Type.Object({ people: Type.Array(Person) });
export const PeopleByName = Type.Object({
  people: Type.Array(Person),
  next: Type.Optional(Type.String({ description: 'Where the next page goes on; left out on the last.' })),
  total: Type.Optional(Type.Integer({ minimum: 0, description: 'Where it was asked for.' })),
});

export const MergeParams = Type.Object({
  galleryId: Type.String(),
  mergeId: Type.String({ maxLength: MAX_ID_LENGTH }),
});
export const NewMerge = Type.Object({
  from: Type.String({ description: 'Who is given up: their faces become those of the person in the address.' }),
});
export const Merge = Type.Object({
  mergeId: Type.String(),
  into: Type.String({ description: 'The person that is left.' }),
  from: Type.String({ description: 'The person that comes back when it is undone.' }),
  fromName: Type.String(),
  mergedAt: Type.String({ format: 'date-time' }),
});
export const Merges = Type.Object({ merges: Type.Array(Merge) });
export const FaceMove = Type.Object({ to: Type.String({ description: 'Who the face belongs to.' }) });

// ── Faces ───────────────────────────────────────────────────────────────────

export const FaceBox = Type.Object({
  leftPx: Type.Number(),
  topPx: Type.Number(),
  widthPx: Type.Number(),
  heightPx: Type.Number(),
});
export const FaceQuality = Type.Object({
  level: Type.Enum(['low', 'medium', 'high']),
  reasons: Type.Array(Type.String(), { description: 'What would make it better, worst first.' }),
});
export const FoundFace = { box: FaceBox, quality: FaceQuality };
export const EnrolledFace = Type.Object({
  faceId: Type.String(),
  box: FaceBox,
  quality: FaceQuality,
  hasPhoto: Type.Boolean(),
  createdAt: Type.String({ format: 'date-time' }),
});
export const EnrolledFaces = Type.Object({ faces: Type.Array(EnrolledFace) });

/** left,top,width,height in pixels. */
export const BOX_PATTERN = '\\d{1,6},\\d{1,6},\\d{1,6},\\d{1,6}';
export const BoxText = Type.String({
  pattern: `^${BOX_PATTERN}$`,
  description: 'left,top,width,height of the face that is meant.',
});
export const EnrolQuery = Type.Object({
  box: Type.Optional(BoxText),
  minQuality: Type.Optional(Type.Enum(['low', 'medium', 'high'], { default: 'medium' })),
  once: Type.Optional(
    Type.Boolean({
      description: 'A photo that this person has already is not enrolled again: for imports that go on.',
    }),
  ),
});

export const Outcome = Type.Enum(['match', 'review', 'unknown']);
export const FoundCandidate = Type.Object({
  personId: Type.String(),
  name: Type.String(),
  confidence: Type.Number({ description: '0.5 at the threshold of this gallery at its size.' }),
  score: Type.Number(),
  strangerRate: Type.Number({ description: 'Share of strangers expected to come this close in this gallery.' }),
});

export const IdentifyQuery = Type.Object({
  gallery: GalleryId,
  maxCandidates: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CANDIDATES, default: 3 })),
  minConfidence: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Candidates from this confidence on; those worth a question when left out.',
    }),
  ),
});
export const Identified = Type.Object({
  widthPx: Type.Integer(),
  heightPx: Type.Integer(),
  confirmationsNeeded: Type.Integer({
    description: 'People who have to confirm a name before it counts; 2 under the gallery’s two-person rule.',
  }),
  faces: Type.Array(
    Type.Object({
      ...FoundFace,
      outcome: Outcome,
      candidates: Type.Array(FoundCandidate),
      search: Search,
    }),
  ),
});

export const DuplicatesQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: '`next` of the call before.' }),
  ),
});
export const Duplicates = Type.Object({
  pairs: Type.Array(
    Type.Object({
      people: Type.Array(Type.Object({ personId: Type.String(), name: Type.String(), faceId: Type.String() }), {
        minItems: 2,
        maxItems: 2,
      }),
      score: Type.Number(),
      expectedByChance: Type.Number({
        description: 'Pairs of strangers expected to come as close in a gallery of this size; well below 1 is a sign.',
      }),
    }),
    { description: 'Closest first, without dismissed ones. A later call may find a pair again, from the other side.' },
  ),
  compared: Type.Integer({ description: 'Faces compared with all others by this call.' }),
  remaining: Type.Integer({ description: 'Faces still to be compared.' }),
  next: Type.Optional(Type.Integer({ description: 'Where the next call goes on; left out when all are compared.' })),
});

export const DismissedPairs = Type.Object({
  pairs: Type.Array(
    Type.Object({
      people: Type.Array(
        Type.Object({
          personId: Type.String(),
          name: Type.String(),
          faceId: Type.Optional(Type.String({ description: 'Their first one, where there is any.' })),
        }),
        { minItems: 2, maxItems: 2 },
      ),
      keyId: Type.String({ description: 'Whose word it was.' }),
      dismissedAt: Type.String({ format: 'date-time' }),
    }),
    { description: 'Latest first.' },
  ),
  total: Type.Integer({ description: 'On all pages.' }),
  next: Type.Optional(Type.Integer({ description: 'Where the next page goes on; left out on the last.' })),
});

export const Models = Type.Object({
  models: Type.Array(
    Type.Object({
      pack: Type.String(),
      version: Type.String(),
      description: Type.String(),
      weightsLicence: Type.String(),
      trainingData: Type.String(),
      templateLength: Type.Integer(),
      calibratedOn: Type.String(),
      recognitionModels: Type.Array(Type.String(), { description: 'Names that clients use for it.' }),
    }),
  ),
});

export function wireBox({ leftPx, topPx, widthPx, heightPx }: Box): Static<typeof FaceBox> {
  return { leftPx: round(leftPx), topPx: round(topPx), widthPx: round(widthPx), heightPx: round(heightPx) };
}

export function wireQuality({ level, reasons }: Quality): Static<typeof FaceQuality> {
  return { level, reasons: [...reasons] };
}

/** `left,top,width,height`: the schema has seen to it that there are four numbers. */
export function parseBox(text: string): Box {
  const [leftPx, topPx, widthPx, heightPx] = text.split(',').map(Number) as [number, number, number, number];
  return { leftPx, topPx, widthPx, heightPx };
}

/** A face of a photo that is looked at. Unmeasured it is as good as unusable. */
export function wireFoundFace(face: { readonly box: Box; readonly quality?: Quality }) {
  return { box: wireBox(face.box), quality: wireQuality(face.quality ?? { level: 'low', reasons: [] }) };
}

export function wireTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function round(px: number): number {
  return Math.round(px * 10) / 10;
}

// ── Erasure ─────────────────────────────────────────────────────────────────

export const Erasure = Type.Object(
  {
    receipt: Type.Object({
      receiptId: Type.String(),
      erasedAt: Type.String({ format: 'date-time' }),
      tenantId: Type.String(),
      subject: Type.Object({
        what: Type.Enum(['person', 'gallery']),
        galleryKind: Type.Enum(['large-person', 'person', 'large-face', 'face', 'directory']),
        galleryId: Type.String(),
        personId: Type.Optional(Type.String()),
      }),
      removed: Type.Object(
        {
          persons: Type.Integer(),
          keys: Type.Integer({ description: 'Of persons: without them no copy of their templates opens.' }),
          templates: Type.Integer(),
          photos: Type.Integer(),
          consents: Type.Integer(),
          snapshotTemplates: Type.Integer(),
        },
        { description: 'From the database; the index and its copy have none of it either.' },
      ),
      record: Type.Object({ chain: Type.String(), seq: Type.Integer() }, { description: 'In the audit log.' }),
      unconfirmedNodes: Type.Optional(
        Type.Array(Type.String(), {
          description:
            'Other nodes over the same store that had not confirmed by then that nothing is left in their memory: stopped or frozen ones. They name nobody either who is erased.',
        }),
      ),
    }),
    signature: Type.Object({
      algorithm: Type.Enum(['Ed25519']),
      keyFingerprint: Type.String({ description: 'Of the audit log’s public key.' }),
      value: Type.String({ description: 'Base64. `kith erasure verify` checks it.' }),
    }),
  },
  { description: 'A signed receipt: keep it, or give it to whoever asked to be erased.' },
);
