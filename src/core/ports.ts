// What core needs from outside. Adapters implement these; nothing here speaks of HTTP, SQL, ONNX or files.

import type { Apart } from './apart.ts';
import type {
  AuditAction,
  AuditActor,
  AuditCheckpoint,
  AuditEvent,
  AuditHead,
  AuditOutcome,
  AuditRecord,
  AuditRef,
} from './audit-types.ts';
import type { ErasedSubject, ErasureReceipt, ReissuedReceipt, Signed } from './erasure-types.ts';
import type { Store } from './storage/store.ts';
import type { AnalysedImage, KeyBounds, ModelPack, Permission, Principal } from './types.ts';

// ── Vault: keys and sealing ─────────────────────────────────────────────────

/** What a tenant's key, and so the master key, seals directly. */
export type SealedUnderMaster = 'person-key' | 'transform-key' | 'probe';

export interface Vault {
  /** A fresh data key for one person, wrapped for storage. */
  newPersonKey(tenantId: string): Uint8Array;
  /** A fresh key for a gallery, wrapped for storage: its templates are turned with it before they are sealed. */
  newTransformKey(tenantId: string): Uint8Array;
  /**
   * A template as a gallery keeps it, and as probes are compared with it: scores within the gallery stay, those with other
   * galleries say nothing. Without a key (a gallery of before there were any) the vector itself.
   */
  turn(tenantId: string, wrappedTransformKey: Uint8Array | undefined, vector: Float32Array): Float32Array;
  /** The inverse, for templates that go elsewhere. */
  turnBack(tenantId: string, wrappedTransformKey: Uint8Array | undefined, vector: Float32Array): Float32Array;
  /** The vector turned already. */
  sealTemplate(tenantId: string, wrappedKey: Uint8Array, vector: Float32Array): Uint8Array;
  /** Throws when the key or the bytes were altered. */
  openTemplate(tenantId: string, wrappedKey: Uint8Array, sealed: Uint8Array): Float32Array;
  sealPhoto(tenantId: string, wrappedKey: Uint8Array, photo: Uint8Array): Uint8Array;
  openPhoto(tenantId: string, wrappedKey: Uint8Array, sealed: Uint8Array): Uint8Array;
  sealProbe(tenantId: string, vector: Float32Array): Uint8Array;
  openProbe(tenantId: string, sealed: Uint8Array): Float32Array;
  /** For copies of the index, which hold templates of everybody. */
  sealIndexPiece(piece: Uint8Array): Uint8Array;
  openIndexPiece(sealed: Uint8Array): Uint8Array;
  /** Whether it was sealed under the master key, or the one before. */
  canOpen(what: SealedUnderMaster, tenantId: string, sealed: Uint8Array): boolean;
  /** Whether some of what is stored may still be sealed under a master key that is being replaced. */
  readonly isRotating: boolean;
  /** Looks whether another process has begun, or ended, to replace the master key; true when it has. */
  refresh(): boolean;
  /** The same sealed under the present master key; undefined when it is already. */
  sealAnew(what: SealedUnderMaster, tenantId: string, sealed: Uint8Array): Uint8Array | undefined;
  /** Gives up the old master key: what is still sealed under it opens no more. */
  endRotation(): void;
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
  /** Whoever an enrolment's person is apart from is passed over, so that the next closest is found. */
  readonly apart?: Apart;
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
  /** `plain` means that the fast kernel could not be loaded, and `warning` says why; `database` that Kith's own don't search. */
  readonly kernel: 'wasm' | 'plain' | 'database';
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

export interface GallerySize {
  readonly enrolments: number;
  readonly persons: number;
}

/**
 * Derived from the store, never the other way round. A gallery is named by its number; one never filled is empty,
 * not an error. Once `add` resolves every later search sees the rows; once `remove` resolves none does.
 *
 * Change numbers are those of the store's feed. An index that several nodes fill goes by them, so that what a slow node
 * read long ago doesn't undo what another has done since; one of a single process hears of changes in their order and
 * need not. A call without a number counts as newer than all before it.
 */
export interface GalleryIndex {
  /** `changeNo`: the rows were read from the store when it had come so far, or later. */
  add(galleryNo: number, rows: readonly IndexRow[], changeNo?: number): Promise<void>;
  /** `changeNos`: one for each enrolment. */
  remove(galleryNo: number, enrolmentNos: readonly number[], changeNos?: readonly number[]): Promise<void>;
  removeGallery(galleryNo: number, changeNo?: number): Promise<void>;
  /** busy when too many searches wait already. */
  search(galleryNo: number, query: SearchQuery, signal?: AbortSignal): Promise<SearchResult>;
  /** Every enrolment's nearest of another person, by rising number, in idle time; stop and go on by `afterEnrolmentNo`. */
  allNeighbours(galleryNo: number, query: NeighboursQuery, signal?: AbortSignal): AsyncIterable<NeighboursBatch>;
  size(galleryNo: number): GallerySize | Promise<GallerySize>;
  stats(): IndexStats | Promise<IndexStats>;
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
  /** Cut a small picture of each face out of the photo. */
  readonly portraits?: boolean;
}

export interface FaceEngine {
  readonly packs: readonly ModelPack[];
  /** image-unusable when the bytes can't be decoded within the limits; no face is an empty list. */
  analyse(image: Uint8Array, options: AnalyseOptions, signal?: AbortSignal): Promise<AnalysedImage>;
  close(): Promise<void>;
}

/** Which models there are, and by what names clients call them: without a look at any photo. */
export interface KnownModels {
  readonly engine: Pick<FaceEngine, 'packs'>;
  readonly recognitionModels: ReadonlyMap<string, string>;
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

/** Who acts is on record: what changes something, searches or reads a person asks for it. */
export interface Acting {
  readonly audit: Audit;
}

export interface AuditLog {
  actingAs(actor: AuditActor): Audit;
  close(): Promise<void>;
}

export interface AuditQuery {
  readonly tenantId: string;
  /** Only records that name this person, as done to or as found. */
  readonly personId?: string;
  readonly action?: AuditAction;
  /** Only one of these. */
  readonly actions?: readonly AuditAction[];
  readonly outcome?: AuditOutcome['outcome'];
  /** Of any kind. */
  readonly galleryId?: string;
  /** From (inclusive) and until (exclusive). */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface AuditPage {
  /** Newest first. Fewer than asked for, or none, where looking any longer would keep the caller waiting. */
  readonly records: readonly AuditRecord[];
  /** Where the list goes on; absent at its end. */
  readonly next?: string;
}

export interface AuditCheck {
  readonly checkedMs: number;
  /** Time of the newest record it read, ISO 8601. */
  readonly coversUntil?: string;
  /** The first place at which each chain isn't what was written; none in a log that nobody changed. */
  readonly faults: readonly {
    readonly kind: string;
    readonly chain: string;
    readonly file: string;
    readonly line: number;
    readonly message: string;
  }[];
}

/** The two records of a deed; without an end when none was written, as after a crash. */
export interface RecordedDeed {
  readonly begun: AuditRecord;
  readonly end?: AuditRecord;
}

/** Looks back into the log. */
export interface AuditHistory {
  read(query: AuditQuery): Promise<AuditPage>;
  /**
   * The deed that begins there, each line checked up to a signed head; undefined when there is no record, or none that is
   * wanted by how it looks. Rejects with `conflict` when it isn't what was written, and with `unavailable` while another
   * process has not signed it yet.
   */
  readDeed(place: AuditRef, isWanted: (begun: AuditRecord) => boolean): Promise<RecordedDeed | undefined>;
  /** Names of other nodes over the same store: they keep logs of their own, which can't be read here. */
  otherNodes(): Promise<readonly string[]>;
  /** Reads every line of every chain; who asks while one is under way gets that one. */
  check(): Promise<AuditCheck>;
  /** How the last one went; undefined before the first. */
  lastCheck(): AuditCheck | undefined;
  /** The newest of each chain, but for one that is damaged. */
  heads(): Promise<readonly AuditHead[]>;
}

/** Where nodes leave how far their logs have come, out of reach of whoever changes a node's files. Only ever added to. */
export interface AuditCheckpoints {
  /** One that is there already isn't added again. */
  add(checkpoints: readonly AuditCheckpoint[]): Promise<void>;
  /** The newest of each chain. */
  newest(): Promise<readonly AuditCheckpoint[]>;
  /** All of one chain, by rising `seq`. */
  ofChain(chain: Pick<AuditCheckpoint, 'publicKey' | 'chain'>): AsyncIterable<AuditCheckpoint>;
}

// ── The rest ────────────────────────────────────────────────────────────────

export interface ImageFetcher {
  /** image-unreachable for anything but bytes from an allowed address. */
  fetchImage(url: string, signal?: AbortSignal): Promise<Uint8Array>;
}

export interface NewApiKey {
  readonly tenantId: string;
  /** What it is for. */
  readonly label: string;
  readonly permissions: readonly Permission[];
  readonly bounds?: KeyBounds;
}

export interface ApiKeys {
  /** Undefined for a key that is not known; takes the same time for every wrong key. */
  authenticate(presentedKey: string): Promise<Principal | undefined>;
  /** The key itself is in the answer and nowhere else. */
  create(key: NewApiKey): Promise<{ readonly keyId: string; readonly key: string }>;
}

/** Brings the index up to date with the store; see index-follower.ts. */
export interface IndexFollower {
  /** Resolves when every change acknowledged by the store before the call is in the index. */
  catchUp(): Promise<void>;
  /**
   * Where other nodes work on the same store: resolves when their indexes have it too, or with the names of those that
   * have not said so in time.
   */
  catchUpElsewhere?(): Promise<readonly string[]>;
}

/** When persons were last of use to somebody: kept in memory for a while, so that no search waits for a write. */
export interface PersonUses {
  note(personNos: readonly number[]): void;
  /** Resolves when all noted so far is in the store. */
  flush(): Promise<void>;
}

/** The file outside the database that remembers what was erased, so that no older database brings it back. */
export interface ErasureLedger {
  /** Resolves when every erasure acknowledged by the store before the call is in the file, on the disk. */
  catchUp(): Promise<void>;
}

export interface PublicKey {
  /** PEM. */
  readonly text: string;
  /** SHA-256 of its SPKI, DER, hex: what receipts and chains name it by. */
  readonly fingerprint: string;
}

/** Vouches for erasures with a key whose public half anybody may have. */
export interface ReceiptSigner {
  sign<Receipt extends ErasureReceipt<ErasedSubject> | ReissuedReceipt>(receipt: Receipt): Signed<Receipt>;
  /** By whose public half anybody can check them. */
  readonly publicKey: PublicKey;
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
  readonly uses: PersonUses;
  readonly erasureLedger: ErasureLedger;
  readonly receipts: ReceiptSigner;
  readonly engine: FaceEngine;
  readonly images: ImageFetcher;
  readonly keys: ApiKeys;
  readonly auditLog: AuditLog;
  readonly auditHistory: AuditHistory;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Name a client sends → pack that answers for it. */
  readonly recognitionModels: ReadonlyMap<string, string>;
}
