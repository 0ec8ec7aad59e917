// The nouns of Kith, in the words of ISO/IEC 2382-37 and the NIST 1:N reports (docs/glossary.md).
// Times are epoch milliseconds, lengths pixels of the upright image, angles degrees.
import type { Resource } from './errors.ts';
import type { TailCurve } from './impostor-tail.ts';

// ── Galleries, persons, enrolments ──────────────────────────────────────────

/**
 * What a gallery holds. In the person kinds each person has enrolments; in the face kinds each enrolment stands
 * for itself. Ids are unique within a tenant and a kind.
 */
export type GalleryKind = 'large-person' | 'person' | 'large-face' | 'face' | 'directory';

export interface GalleryRef {
  readonly tenantId: string;
  readonly kind: GalleryKind;
  /** Chosen by the gallery's owner: 1 to 64 of a-z 0-9 - _ */
  readonly galleryId: string;
}

export interface Training {
  readonly status: 'never' | 'running' | 'succeeded' | 'failed';
  readonly lastActionMs?: number;
  readonly lastSucceededMs?: number;
  readonly message?: string;
}

/** Whether the operator answers for everybody's consent at once, or each person's own record is asked for. */
export type ConsentPolicy = 'attested' | 'required';

/** Somebody's consent to be recognised, as whoever took it down. */
export interface Consent {
  /** Who gave it: the person's own name, or that of who may speak for them. */
  readonly givenBy: string;
  /** How: `signed on paper`. */
  readonly method: string;
  /** SHA-256, hex, of the text that was consented to. */
  readonly textHash: string;
  readonly givenMs: number;
  /** Runs out then; without it, it holds until it is withdrawn. */
  readonly untilMs?: number;
  readonly withdrawnMs?: number;
}

/** On what terms a gallery keeps faces: what its owner answers for. Published, so without anybody's name. */
export interface GalleryTerms {
  /** Why faces are recognised here, in the owner's words. */
  readonly purpose?: string;
  /** What law allows it: `consent, GDPR Art. 9(2)(a)`. */
  readonly lawfulBasis?: string;
  /** Whom nobody searched for or changed for so long is erased. */
  readonly retentionDays: number;
  readonly consentPolicy: ConsentPolicy;
  /** Whom a search names counts as found only once two people said so, each with a key of their own. */
  readonly twoPersonRule: boolean;
}

export interface Gallery extends GalleryRef, GalleryTerms {
  /** The store's own number, never used twice; the index knows the gallery by it. */
  readonly galleryNo: number;
  readonly name: string;
  readonly userData?: string;
  /** Name under which templates are comparable; the catalogue maps it to a model pack. */
  readonly recognitionModel: string;
  /** Share of strangers the owner accepts being shown a name; undefined asks for the default. */
  readonly targetFpir?: number;
  /** Whether a small picture of each enrolled face is kept, sealed. */
  readonly keepPhotos: boolean;
  /** The gallery's own impostor tail, once it is large enough to have one. */
  readonly tail?: GalleryTail;
  /** When its templates were last made anew: by another model, or turned with another key. */
  readonly templatesChangedMs?: number;
  /** Its templates are turned with it, wrapped as it is here; undefined for those of before there were such keys. */
  readonly transformKey?: Uint8Array;
  readonly training: Training;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export interface GalleryTail {
  readonly curve: TailCurve;
  readonly fittedMs: number;
  /** Enrolments in the gallery when it was fitted. */
  readonly enrolments: number;
}

export interface Person {
  readonly personId: string;
  /** The store's own number, never used twice. */
  readonly personNo: number;
  readonly name: string;
  readonly userData?: string;
  readonly createdMs: number;
}

/** One stored template of a person, with what is known of the face it came from. */
export interface Enrolment {
  readonly enrolmentId: string;
  /** The store's own number, rising, never used twice. */
  readonly enrolmentNo: number;
  readonly personId: string;
  readonly userData?: string;
  readonly box: Box;
  readonly quality: Quality;
  /** SHA-256 of the source image's bytes, hex: lets an import resume without reading a face twice. */
  readonly sourceHash?: string;
  /** A picture of the face is kept. */
  readonly hasPhoto: boolean;
  readonly createdMs: number;
}

/** A detected face kept for a while to be searched with. */
export interface Probe {
  readonly probeId: string;
  readonly recognitionModel: string;
  readonly template: Template;
  readonly quality: Quality;
  readonly expiresMs: number;
}

/** A named list of persons of a gallery, to search only among them. A person may be on any number of rosters. */
export interface Roster {
  readonly rosterId: string;
  readonly name: string;
  readonly userData?: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export interface RosterRef {
  readonly gallery: GalleryRef;
  /** Chosen by the roster's owner, as a gallery's id is. */
  readonly rosterId: string;
}

/** A gallery as it was at a moment, to be made anew under another id. */
export interface Snapshot {
  readonly snapshotId: string;
  readonly kind: GalleryKind;
  /** Whom its taker meant it for, in their own words. */
  readonly applyScope: readonly string[];
  readonly userData?: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

// ── Work that outlives its request ──────────────────────────────────────────

/** What a caller was told is under way, and how it went. */
export interface Operation {
  readonly operationId: string;
  readonly status: 'running' | 'succeeded' | 'failed';
  readonly createdMs: number;
  readonly lastActionMs: number;
  readonly finishedMs?: number;
  /** Why it failed. */
  readonly message?: string;
  /** What it made or changed. */
  readonly outcome?: { readonly resource: Resource; readonly id: string; readonly galleryKind?: GalleryKind };
}

// ── Liveness ────────────────────────────────────────────────────────────────

/** An announcement that somebody will show a camera that they are there in person. The capture itself comes later. */
export interface LivenessSession {
  readonly sessionId: string;
  /** Has a photo to compare the captured face with. */
  readonly withReference: boolean;
  readonly reference?: { readonly box: Box; readonly quality: Quality; readonly packId: string };
  readonly deviceCorrelationId?: string;
  readonly tokenTtlS: number;
  readonly createdMs: number;
  /** What the caller set and wants to see again, in its own words. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

// ── Faces in images ─────────────────────────────────────────────────────────

export interface Box {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface Point {
  readonly xPx: number;
  readonly yPx: number;
}

/** Unit vector (L2 norm 1) and the pack that made it. Vectors of different packs are never comparable. */
export interface Template {
  readonly vector: Float32Array;
  readonly packId: string;
}

export interface HeadPose {
  /** Positive looks up. */
  readonly pitchDeg: number;
  /** Positive tilts the head clockwise as the viewer sees it. */
  readonly rollDeg: number;
  /** Positive turns towards the viewer's right. */
  readonly yawDeg: number;
}

/** Measured from pixels and landmarks, each 0..1; vision/measure.ts says how and with what error. */
export interface FaceMeasurements {
  readonly pose: HeadPose;
  /** 0 sharp … 1 no detail left. */
  readonly blur: number;
  /** 0 black … .5 well lit … 1 burnt out. */
  readonly exposure: number;
  readonly noise: number;
  readonly foreheadOccluded: number;
  readonly eyesOccluded: number;
  readonly mouthOccluded: number;
  readonly glasses: number;
  readonly sunglasses: number;
  readonly mask: number;
  /** Length of the embedding before it is made a unit vector: the model's own sign of quality. */
  readonly templateLength: number;
}

export type QualityLevel = 'low' | 'medium' | 'high';
export type QualityReason =
  | 'too-small'
  | 'blurred'
  | 'too-dark'
  | 'too-bright'
  | 'turned-away'
  | 'eyes-covered'
  | 'mouth-covered'
  | 'indistinct';

export interface Quality {
  readonly level: QualityLevel;
  /** Worst first; empty for `high`. */
  readonly reasons: readonly QualityReason[];
}

export interface Face {
  readonly box: Box;
  /** Detector's score, 0..1. */
  readonly detectorScore: number;
  /** 68 points in the iBUG 300-W order. */
  readonly landmarks: readonly Point[];
  /** Present when the analysis asked for it. */
  readonly measurements?: FaceMeasurements;
  readonly quality?: Quality;
  readonly template?: Template;
  /** JPEG of the face and a little around it, at most 320 px wide and high; other faces in it are painted over. */
  readonly portrait?: Uint8Array;
}

export interface AnalysedImage {
  /** Size after EXIF orientation; every coordinate refers to it. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Largest first. */
  readonly faces: readonly Face[];
}

// ── Models ──────────────────────────────────────────────────────────────────

/** What is known of a set of models that together turn a photo into templates. */
export interface ModelPack {
  readonly packId: string;
  readonly version: string;
  /** Length of a template. */
  readonly dims: number;
  readonly description: string;
  readonly weightsLicence: string;
  readonly trainingData: string;
  readonly calibration: Calibration;
}

/** Scores of a pack, read as probabilities; measured once and shipped with it. */
export interface Calibration {
  /** Score at which confidence is 0.5. */
  readonly midpointScore: number;
  /** Steepness of the logistic curve, per unit of score. */
  readonly slope: number;
  /** Share of impostor comparisons at or above a score, measured; scores rising, rates falling. */
  readonly impostorTail: readonly { readonly score: number; readonly falseMatchRate: number }[];
  /** Where the figures come from, with N. */
  readonly measuredOn: string;
}

// ── Search ──────────────────────────────────────────────────────────────────

/** A person a probe may belong to; confidence is calibrated, 0..1. */
export interface Candidate {
  readonly personId: string;
  readonly personName: string;
  readonly enrolmentId: string;
  readonly score: number;
  readonly confidence: number;
  /** Share of strangers, 0..1, expected to reach this score in a search of this gallery. */
  readonly strangerRate: number;
}

// ── Access ──────────────────────────────────────────────────────────────────

/** What a route needs and a key may carry. `admin` includes the others. */
export type Permission = 'admin' | 'enrol' | 'search' | 'review' | 'audit';

/** What a key is bound to: for it, nothing else exists. A member left out binds to nothing. */
export interface KeyBounds {
  /** Ids of galleries, of whatever kind. */
  readonly galleries?: readonly string[];
  /** Purposes of galleries, word for word. */
  readonly purposes?: readonly string[];
}

/** Whoever presented a valid key. */
export interface Principal {
  readonly tenantId: string;
  readonly keyId: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly bounds?: KeyBounds;
}
