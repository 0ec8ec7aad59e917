// What the service's /v1 takes and answers, as this page uses it.
export interface Gallery {
  galleryId: string;
  name: string;
  keepPhotos: boolean;
  people: number;
  faces: number;
  purpose?: string;
  lawfulBasis?: string;
  retentionDays?: number;
  consentPolicy?: 'attested' | 'required';
  twoPersonRule: boolean;
}

export interface Person {
  personId: string;
  name: string;
  createdAt: string;
  faceIds: string[];
}

export interface PeopleWanted {
  order?: 'name' | 'newest';
  containing?: string;
  after?: string;
  /** Of those after `after`. */
  skip?: number;
  limit?: number;
  count?: boolean;
}

export interface PeoplePage {
  people: Person[];
  next?: string;
  /** Where `count` asked for it. */
  total?: number;
}

export interface Box {
  leftPx: number;
  topPx: number;
  widthPx: number;
  heightPx: number;
}

export interface Quality {
  level: 'low' | 'medium' | 'high';
  reasons: string[];
}

export interface EnrolledFace {
  faceId: string;
  quality: Quality;
  hasPhoto: boolean;
  createdAt: string;
}

export interface Candidate {
  personId: string;
  name: string;
  confidence: number;
  score: number;
  strangerRate: number;
}

export interface IdentifiedFace {
  box: Box;
  quality: Quality;
  outcome: 'match' | 'review' | 'unknown';
  candidates: Candidate[];
  search: {
    gallerySize: number;
    threshold: number;
    reviewThreshold: number;
    expectedFpir: number;
    model: string;
    calibratedOn: string;
  };
}

export interface Identified {
  widthPx: number;
  heightPx: number;
  /** People who have to confirm a name before it counts. */
  confirmationsNeeded: number;
  faces: IdentifiedFace[];
}

/** A face of a photo; with a probe where it is to be grouped or ranked. */
export interface DetectedFace {
  box: Box;
  quality: Quality;
  probeId?: string;
}

export interface Detected {
  widthPx: number;
  heightPx: number;
  faces: DetectedFace[];
}

export type Outcome = IdentifiedFace['outcome'];

export interface Verified {
  outcome: Outcome;
  confidence: number;
  score: number;
  strangerRate: number;
  rule: { model: string; threshold: number; reviewThreshold: number; expectedFmr: number; calibratedOn: string };
  faces: { photo: DetectedFace; other: DetectedFace };
}

export interface SimilarFace {
  probeId: string;
  outcome: Outcome;
  confidence: number;
  score: number;
  strangerRate: number;
}

export interface NewConsent {
  givenBy: string;
  method: string;
  textHash: string;
  until?: string;
}

export type Verdict = 'confirm' | 'reject';

/** A face that a search took for a person, and what people say of it. */
export interface Review {
  reviewId: string;
  personId: string;
  name: string;
  state: 'open' | 'confirmed' | 'rejected';
  confirmationsNeeded: number;
  hasPhoto: boolean;
  openedAt: string;
  verdicts: { keyId: string; verdict: Verdict }[];
  /** What this key said. */
  mine?: Verdict;
}

export interface Merge {
  mergeId: string;
  into: string;
  from: string;
  fromName: string;
  mergedAt: string;
}

export interface Consent {
  givenBy: string;
  method: string;
  givenAt: string;
  until?: string;
  state: 'given' | 'expired' | 'withdrawn';
}

export interface DuplicatePair {
  people: { personId: string; name: string; faceId: string }[];
  score: number;
  expectedByChance: number;
}

export interface DismissedPair {
  people: { personId: string; name: string; faceId?: string }[];
  keyId: string;
  dismissedAt: string;
}

export interface DismissedPage {
  pairs: DismissedPair[];
  /** On all pages. */
  total: number;
  next?: number;
}

export interface ApiKey {
  keyId: string;
  label: string;
  permissions: string[];
  createdAt: string;
  galleries?: string[];
  purposes?: string[];
}

export interface Model {
  pack: string;
  version: string;
  weightsLicence: string;
  trainingData: string;
  calibratedOn: string;
}

export interface Status {
  uptimeS: number;
  memoryBytes: number;
  faces: number;
  indexBytes: number;
  searches: number;
  searchesQueued: number;
  fastKernel: boolean;
  recall: number;
  recallSamples: number;
  freeDiskBytes?: number;
  lastBackup?: { finishedAt: string; bytes: number };
  lastHour: MinuteLoad[];
}

/** A minute of the last hour; the newest is under way. */
export interface MinuteLoad {
  at: string;
  requestsPerS: number;
  identifications: number;
  medianMs?: number;
  p95Ms?: number;
  mostQueued: number;
}

/** What is on record of somebody: done to them, or a search that named them. */
export interface PersonUse {
  at: string;
  action: string;
  outcome: string;
  keyId: string;
  score?: number;
}

export interface OverduePerson {
  personId: string;
  name: string;
  lastUsedAt: string;
}

export interface AuditRecord {
  seq: number;
  at: string;
  keyId: string;
  action: string;
  outcome: string;
  gallery?: { galleryId: string };
  personIds?: string[];
  named?: { personId: string; score: number }[][];
}

/** Of the audit log. */
export interface Erasure {
  record: { chain: string; seq: number };
  erasedAt: string;
  subject: { what: 'person' | 'gallery' | 'tenant'; galleryId?: string; personId?: string };
  cause: 'asked' | 'retention';
  keyId: string;
  removed?: { persons: number; templates: number; photos: number };
}

export interface ErasuresWanted {
  /** Of every gallery, when left out. */
  galleryId: string | undefined;
  before: string | undefined;
  limit: number;
}

export interface ErasuresPage {
  erasures: Erasure[];
  next?: string;
  /** What they erased is in their own logs. */
  otherNodes: string[];
}

export interface AuditStatus {
  state: 'unchecked' | 'intact' | 'changed';
  checkedAt?: string;
  faults: string[];
}
