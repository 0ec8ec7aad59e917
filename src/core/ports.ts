// What core needs from outside. Adapters implement these; nothing here speaks of HTTP, SQL, ONNX or files.
import type {
  AnalysedImage,
  AuditActor,
  AuditEvent,
  AuditRef,
  Box,
  Enrolment,
  Gallery,
  GalleryKind,
  GalleryRef,
  GalleryTail,
  LivenessSession,
  ModelPack,
  Operation,
  Permission,
  Person,
  Principal,
  Quality,
  QualityLevel,
  Roster,
  RosterRef,
  Snapshot,
  Training,
} from './types.ts';

// ── Store: the truth ────────────────────────────────────────────────────────

/** Rows after `after` (exclusive, ordinal order of ids), at most `limit`. */
export interface Page {
  readonly after?: string;
  readonly limit: number;
}

export interface NewGallery extends GalleryRef {
  readonly name: string;
  readonly userData?: string;
  readonly recognitionModel: string;
  readonly targetFpir?: number;
  readonly createdMs: number;
}

export interface GalleryPatch {
  readonly name?: string;
  readonly userData?: string;
  readonly targetFpir?: number;
}

export interface NewPerson {
  readonly personId: string;
  readonly name: string;
  readonly userData?: string;
  /** The person's own data key, wrapped by the vault; destroying it makes every template of theirs unreadable. */
  readonly wrappedKey: Uint8Array;
  readonly createdMs: number;
}

export interface NewEnrolment {
  readonly enrolmentId: string;
  readonly userData?: string;
  readonly box: Box;
  readonly quality: Quality;
  readonly sourceHash?: string;
  readonly packId: string;
  /** Sealed under the person's key. */
  readonly sealedTemplate: Uint8Array;
  readonly createdMs: number;
}

export interface PersonWithEnrolments extends Person {
  /** In the order of enrolment. */
  readonly enrolmentIds: readonly string[];
}

export interface NewRoster {
  readonly name: string;
  readonly userData?: string;
  readonly createdMs: number;
}

/** An omitted member stays as it is. */
export interface RosterPatch {
  readonly name?: string;
  readonly userData?: string;
  readonly addPersonIds?: readonly string[];
  readonly removePersonIds?: readonly string[];
}

export interface NewSnapshot {
  readonly snapshotId: string;
  readonly applyScope: readonly string[];
  readonly userData?: string;
  readonly createdMs: number;
}

export interface StoredLivenessSession extends LivenessSession {
  /** Template of the reference photo, sealed under the tenant's key. */
  readonly sealedReference?: Uint8Array;
}

export interface SealedProbe {
  readonly probeId: string;
  readonly recognitionModel: string;
  readonly packId: string;
  readonly quality: Quality;
  /** Sealed under the tenant's key. */
  readonly sealedTemplate: Uint8Array;
  readonly expiresMs: number;
}

/** A stored template on its way into the index. */
export interface SealedEnrolment {
  readonly tenantId: string;
  readonly galleryNo: number;
  readonly personNo: number;
  readonly enrolmentNo: number;
  readonly packId: string;
  readonly wrappedKey: Uint8Array;
  readonly sealedTemplate: Uint8Array;
}

/** A person that a search found, with what their score is made of. */
export interface ResolvedPerson {
  readonly personNo: number;
  readonly personId: string;
  readonly personName: string;
  readonly enrolments: readonly {
    readonly enrolmentId: string;
    readonly qualityLevel: QualityLevel;
    readonly wrappedKey: Uint8Array;
    readonly sealedTemplate: Uint8Array;
  }[];
}

/** The store's change feed: what a derived index must do to catch up. Numbers only, nothing personal. */
export interface Change {
  readonly changeNo: number;
  readonly op: 'add' | 'remove' | 'remove-gallery';
  readonly galleryNo: number;
  /** 0 for `remove-gallery`. */
  readonly enrolmentNo: number;
}

export interface RemovedPerson {
  readonly galleryNo: number;
  readonly personNo: number;
  readonly enrolmentNos: readonly number[];
}

export interface StoredApiKey {
  readonly keyId: string;
  readonly tenantId: string;
  readonly label: string;
  readonly sha256: Uint8Array;
  readonly permissions: readonly Permission[];
  readonly createdMs: number;
}

/**
 * Every method is one transaction; once it resolves, the change survives a crash. `getX` throws not-found,
 * `findX` answers undefined. Everything is under the tenant of the ref: another tenant's rows do not exist.
 */
export interface Store {
  close(): Promise<void>;

  insertApiKey(key: StoredApiKey): Promise<void>;
  listApiKeys(): Promise<readonly StoredApiKey[]>;
  deleteApiKey(tenantId: string, keyId: string): Promise<boolean>;

  /** limit-exceeded when the tenant already has `maxGalleries` of this kind; without it they are not counted. */
  createGallery(gallery: NewGallery, maxGalleries?: number): Promise<Gallery>;
  findGallery(ref: GalleryRef): Promise<Gallery | undefined>;
  getGallery(ref: GalleryRef): Promise<Gallery>;
  listGalleries(tenantId: string, kind: GalleryKind, page: Page): Promise<readonly Gallery[]>;
  /** An omitted member stays as it is. */
  updateGallery(ref: GalleryRef, patch: GalleryPatch, nowMs: number): Promise<void>;
  setTraining(ref: GalleryRef, training: Training): Promise<void>;
  setTail(ref: GalleryRef, tail: GalleryTail): Promise<void>;
  /** With its persons, enrolments and their keys. */
  deleteGallery(ref: GalleryRef): Promise<{ readonly galleryNo: number }>;
  countGallery(ref: GalleryRef): Promise<{ readonly persons: number; readonly enrolments: number }>;

  /** limit-exceeded when the gallery already has `maxPersons`. */
  createPerson(ref: GalleryRef, person: NewPerson, maxPersons: number): Promise<Person>;
  getPerson(ref: GalleryRef, personId: string): Promise<PersonWithEnrolments>;
  findPersonByName(ref: GalleryRef, name: string): Promise<PersonWithEnrolments | undefined>;
  listPersons(ref: GalleryRef, page: Page): Promise<readonly PersonWithEnrolments[]>;
  updatePerson(
    ref: GalleryRef,
    personId: string,
    patch: { readonly name?: string; readonly userData?: string },
    nowMs: number,
  ): Promise<void>;
  deletePerson(ref: GalleryRef, personId: string): Promise<RemovedPerson>;
  getPersonKey(
    ref: GalleryRef,
    personId: string,
  ): Promise<{ readonly personNo: number; readonly galleryNo: number; readonly wrappedKey: Uint8Array }>;

  /** limit-exceeded when the person already has `maxEnrolments`. */
  addEnrolment(ref: GalleryRef, personId: string, enrolment: NewEnrolment, maxEnrolments: number): Promise<Enrolment>;
  /**
   * Many persons with their enrolments in one transaction: for imports, moves and restores; answers the numbers they
   * got. limit-exceeded, and nothing stored, when the gallery would have more than `maxPersons`.
   */
  importPersons(
    ref: GalleryRef,
    batch: readonly { readonly person: NewPerson; readonly enrolments: readonly NewEnrolment[] }[],
    maxPersons?: number,
  ): Promise<readonly { readonly personNo: number; readonly enrolmentNos: readonly number[] }[]>;
  getEnrolment(ref: GalleryRef, personId: string, enrolmentId: string): Promise<Enrolment>;
  listEnrolments(ref: GalleryRef, personId: string): Promise<readonly Enrolment[]>;
  findEnrolmentBySource(ref: GalleryRef, personId: string, sourceHash: string): Promise<Enrolment | undefined>;
  updateEnrolment(
    ref: GalleryRef,
    personId: string,
    enrolmentId: string,
    patch: { readonly userData: string },
    nowMs: number,
  ): Promise<void>;
  deleteEnrolment(
    ref: GalleryRef,
    personId: string,
    enrolmentId: string,
  ): Promise<{ readonly galleryNo: number; readonly enrolmentNo: number }>;
  /** Sealed templates of one person, for 1:1 comparison. */
  sealedEnrolmentsOf(ref: GalleryRef, personId: string): Promise<readonly SealedEnrolment[]>;

  /** One enrolment each of at most `count` persons, drawn at random (all of them in a small gallery). */
  sampleEnrolments(ref: GalleryRef, count: number): Promise<readonly SealedEnrolment[]>;

  /**
   * Search results come back as numbers: here they become persons, with at most `maxEnrolments` sealed templates each,
   * the hit's own among them. Numbers of what is gone meanwhile are left out; the order is that of `hits`.
   */
  resolvePersons(
    ref: GalleryRef,
    hits: readonly { readonly personNo: number; readonly enrolmentNo: number }[],
    maxEnrolments: number,
  ): Promise<readonly ResolvedPerson[]>;

  /** Not-found names the first of `personIds` that is not in the gallery; then nothing is stored. */
  createRoster(ref: RosterRef, roster: NewRoster, personIds: readonly string[]): Promise<Roster>;
  getRoster(ref: RosterRef): Promise<Roster>;
  listRosters(gallery: GalleryRef, page: Page): Promise<readonly Roster[]>;
  /** Adds before it removes. Adding who is there already, and removing who is not, changes nothing. */
  updateRoster(ref: RosterRef, patch: RosterPatch, nowMs: number): Promise<void>;
  deleteRoster(ref: RosterRef): Promise<void>;
  /** Ids of the persons on a roster. */
  listRosterPersons(ref: RosterRef, page: Page): Promise<readonly string[]>;
  /** Ids of the rosters a person is on. */
  listRostersOfPerson(gallery: GalleryRef, personId: string, page: Page): Promise<readonly string[]>;
  /** Numbers, in the gallery `inGallery`, of the persons there who go by the ids of those on the roster. */
  rosterPersonNos(ref: RosterRef, inGallery: GalleryRef): Promise<Uint32Array>;
  /** Numbers of those of the persons who are in the gallery. */
  personNosOf(gallery: GalleryRef, personIds: readonly string[]): Promise<Uint32Array>;

  /** Keeps the gallery's settings; its persons are copied after. Invisible until it is finished. */
  beginSnapshot(of: GalleryRef, snapshot: NewSnapshot): Promise<void>;
  /**
   * Copies some of the gallery's persons with their enrolments, as they are sealed. Answers the id to go on after,
   * undefined when all are there. Who is erased from the gallery later is erased from its snapshots too.
   */
  copyToSnapshot(of: GalleryRef, snapshotId: string, page: Page): Promise<string | undefined>;
  finishSnapshot(tenantId: string, snapshotId: string): Promise<void>;
  getSnapshot(tenantId: string, snapshotId: string): Promise<Snapshot>;
  /** Finished ones, by id. */
  listSnapshots(tenantId: string): Promise<readonly Snapshot[]>;
  updateSnapshot(
    tenantId: string,
    snapshotId: string,
    patch: { readonly applyScope?: readonly string[]; readonly userData?: string },
    nowMs: number,
  ): Promise<void>;
  deleteSnapshot(tenantId: string, snapshotId: string): Promise<void>;
  /** Removes what was begun before; answers how many. */
  sweepSnapshots(beforeMs: number): Promise<number>;
  /** A new, untrained gallery with the snapshot's settings and none of its persons yet. */
  createGalleryFromSnapshot(snapshotId: string, ref: GalleryRef, nowMs: number): Promise<void>;
  /** Answers the id to go on after, undefined when all are there; the gallery is then as trained as the other was. */
  copyFromSnapshot(snapshotId: string, to: GalleryRef, page: Page): Promise<string | undefined>;

  insertLivenessSession(tenantId: string, session: StoredLivenessSession): Promise<void>;
  findLivenessSession(tenantId: string, sessionId: string): Promise<StoredLivenessSession | undefined>;
  /** With or without a reference photo, by id. */
  listLivenessSessions(
    tenantId: string,
    filter: { readonly withReference: boolean },
    page: Page,
  ): Promise<readonly StoredLivenessSession[]>;
  /** False when it wasn't there. */
  deleteLivenessSession(tenantId: string, sessionId: string): Promise<boolean>;
  /** Removes what was created before; answers how many. */
  sweepLivenessSessions(beforeMs: number): Promise<number>;

  insertOperation(tenantId: string, operation: Operation): Promise<void>;
  updateOperation(tenantId: string, operation: Operation): Promise<void>;
  findOperation(tenantId: string, operationId: string): Promise<Operation | undefined>;
  /** Running ones of all tenants: after a start nobody works on them any more. */
  listRunningOperations(): Promise<readonly (Operation & { readonly tenantId: string })[]>;
  /** Removes what was created before; answers how many. */
  sweepOperations(beforeMs: number): Promise<number>;

  insertProbes(tenantId: string, probes: readonly SealedProbe[]): Promise<void>;
  /** Unexpired ones only. */
  findProbes(tenantId: string, probeIds: readonly string[], nowMs: number): Promise<ReadonlyMap<string, SealedProbe>>;
  /** Answers how many were removed. */
  sweepProbes(nowMs: number): Promise<number>;

  /** All enrolments with a number above `afterEnrolmentNo`, rising, at most `limit`: fills an index. */
  scanEnrolments(afterEnrolmentNo: number, limit: number): Promise<readonly SealedEnrolment[]>;
  getSealedEnrolments(enrolmentNos: readonly number[]): Promise<readonly SealedEnrolment[]>;
  lastChangeNo(): Promise<number>;
  changesAfter(changeNo: number, limit: number): Promise<readonly Change[]>;
  /** Forgets changes up to and including `changeNo`. */
  trimChanges(changeNo: number): Promise<void>;
}

// ── Vault: keys and sealing ─────────────────────────────────────────────────

export interface Vault {
  /** A fresh data key for one person, wrapped for storage. */
  newPersonKey(tenantId: string): Uint8Array;
  sealTemplate(tenantId: string, wrappedKey: Uint8Array, vector: Float32Array): Uint8Array;
  /** Throws when the key or the bytes were altered. */
  openTemplate(tenantId: string, wrappedKey: Uint8Array, sealed: Uint8Array): Float32Array;
  sealProbe(tenantId: string, vector: Float32Array): Uint8Array;
  openProbe(tenantId: string, sealed: Uint8Array): Float32Array;
  /** For copies of the index, which hold templates of everybody. */
  sealIndexPiece(piece: Uint8Array): Uint8Array;
  openIndexPiece(sealed: Uint8Array): Uint8Array;
  /** A secret for whoever takes part in a liveness session: the same each time, guessable by nobody, stored nowhere. */
  sessionToken(tenantId: string, sessionId: string): string;
}

// ── Index: 1:N search ───────────────────────────────────────────────────────

export interface IndexRow {
  readonly personNo: number;
  readonly enrolmentNo: number;
  /** Unit vector. */
  readonly vector: Float32Array;
}

export interface SearchQuery {
  readonly vector: Float32Array;
  /** Persons wanted, best first. */
  readonly maxPersons: number;
  /** Persons below this score are left out; −1 keeps all. */
  readonly minScore: number;
  /** Only these persons, when given. A list passed again is remembered by identity: don't change it in place. */
  readonly allowPersonNos?: readonly number[] | Uint32Array;
  /** True scans every template instead of a measured shortlist. */
  readonly exact?: boolean;
}

export interface SearchHit {
  readonly personNo: number;
  /** The person's best enrolment. */
  readonly enrolmentNo: number;
  /** Cosine with that enrolment. */
  readonly score: number;
}

export interface SearchResult {
  /** One a person, best first; equal scores by person number. */
  readonly hits: readonly SearchHit[];
  /** Enrolments compared, after the allow-list. */
  readonly searched: number;
  readonly exact: boolean;
  /**
   * Share of searches in which this way of searching names the person that the exact scan names first: 1 when exact,
   * else measured on a sample of this index's own searches (until there is one, the share it is designed for).
   */
  readonly recall: number;
}

/** The closest enrolment of another person. */
export interface Neighbour {
  readonly personNo: number;
  readonly enrolmentNo: number;
  readonly nearestPersonNo: number;
  readonly nearestEnrolmentNo: number;
  readonly score: number;
}

export interface NeighboursQuery {
  /** Enrolments whose nearest is below this score are left out; −1 keeps all. */
  readonly minScore: number;
  /** Goes on after this enrolment: the last `doneEnrolmentNo` that was kept. */
  readonly afterEnrolmentNo?: number;
}

export interface NeighboursBatch {
  readonly neighbours: readonly Neighbour[];
  /** Every enrolment up to this number is done. */
  readonly doneEnrolmentNo: number;
  readonly done: number;
  readonly total: number;
}

/** Numbers for a metrics page; nothing in them tells of a person. */
export interface IndexStats {
  readonly galleries: number;
  readonly enrolments: number;
  /** Memory held for templates, and how much of it is taken by live ones. */
  readonly reservedBytes: number;
  readonly liveBytes: number;
  readonly threads: number;
  /** `plain` means that the fast kernel could not be loaded; `warning` says why. */
  readonly kernel: 'wasm' | 'plain';
  readonly warning?: string;
  readonly searches: number;
  readonly queued: number;
  readonly refusedBusy: number;
  readonly recall: RecallStats;
}

/** The fast search held against the exact scan, on a sample of this index's own searches. */
export interface RecallStats {
  readonly sampled: number;
  readonly missed: number;
  /** What answers carry as `recall`. */
  readonly estimate: number;
  /** 95 % one-sided lower bound; 0 without samples. */
  readonly lowerBound: number;
}

/**
 * Derived from the store, never the other way round. A gallery is named by its number; one never filled is empty,
 * not an error. Once `add` resolves every later search sees the rows; once `remove` resolves none does.
 */
export interface GalleryIndex {
  add(galleryNo: number, rows: readonly IndexRow[]): Promise<void>;
  remove(galleryNo: number, enrolmentNos: readonly number[]): Promise<void>;
  removeGallery(galleryNo: number): Promise<void>;
  /** busy when too many searches wait already. */
  search(galleryNo: number, query: SearchQuery, signal?: AbortSignal): Promise<SearchResult>;
  /** Every enrolment's nearest of another person, by rising number, in idle time; stop and go on by `afterEnrolmentNo`. */
  allNeighbours(galleryNo: number, query: NeighboursQuery, signal?: AbortSignal): AsyncIterable<NeighboursBatch>;
  size(galleryNo: number): { readonly enrolments: number; readonly persons: number };
  stats(): IndexStats;
  close(): Promise<void>;
}

// ── Engine: image bytes → faces and templates ───────────────────────────────

export interface AnalyseOptions {
  readonly packId: string;
  readonly maxFaces: number;
  /** Measure pose, blur and the rest, and judge quality. */
  readonly measure: boolean;
  /** Make a template of each face. */
  readonly embed: boolean;
}

export interface FaceEngine {
  readonly packs: readonly ModelPack[];
  /** image-unusable when the bytes can't be decoded within the limits; no face is an empty list. */
  analyse(image: Uint8Array, options: AnalyseOptions, signal?: AbortSignal): Promise<AnalysedImage>;
  close(): Promise<void>;
}

// ── Audit: the append-only log ──────────────────────────────────────────────

/** Bound to whoever acts: what an operation records needs to say only what was done. */
export interface Audit {
  /**
   * Resolves once the record is on the disk. Rejects with `unavailable` when it can't be written: then nothing may be
   * done, and no answer given, that should have been on record.
   */
  record(event: AuditEvent): Promise<AuditRef>;
}

export interface AuditLog {
  actingAs(actor: AuditActor): Audit;
  close(): Promise<void>;
}

// ── The rest ────────────────────────────────────────────────────────────────

export interface ImageFetcher {
  /** image-unreachable for anything but bytes from an allowed address. */
  fetchImage(url: string, signal?: AbortSignal): Promise<Uint8Array>;
}

export interface ApiKeys {
  /** Undefined for a key that is not known; takes the same time for every wrong key. */
  authenticate(presentedKey: string): Promise<Principal | undefined>;
  /** The key itself is in the answer and nowhere else. */
  create(
    tenantId: string,
    label: string,
    permissions: readonly Permission[],
  ): Promise<{ readonly keyId: string; readonly key: string }>;
}

/** Brings the index up to date with the store; see index-follower.ts. */
export interface IndexFollower {
  /** Resolves when every change acknowledged by the store before the call is in the index. */
  catchUp(): Promise<void>;
}

export interface Clock {
  nowMs(): number;
}

/** Random ids: lower-case RFC 4122 GUIDs. */
export type NewId = () => string;

export interface Deps {
  readonly store: Store;
  readonly vault: Vault;
  readonly index: GalleryIndex;
  readonly follower: IndexFollower;
  readonly engine: FaceEngine;
  readonly images: ImageFetcher;
  readonly keys: ApiKeys;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Name a client sends → pack that answers for it. */
  readonly recognitionModels: ReadonlyMap<string, string>;
}
