// Numbers with a name. Those marked "Azure" are its documented limits: clients rely on them.

/** Azure: an image below 1 KB or above 6 MB is refused. */
export const MIN_IMAGE_BYTES = 1024;
export const MAX_IMAGE_BYTES = 6 * 1024 * 1024;
/** A photo file on this machine, for the command line: straight out of any camera. */
export const MAX_LOCAL_IMAGE_BYTES = 64 * 1024 * 1024;
/** Decoded size cap, checked from the header before a pixel is decoded: 100 megapixels. */
export const MAX_IMAGE_PIXELS = 100_000_000;

/** For doors whose callers don't name one: the newest name Azure's clients know. */
export const DEFAULT_RECOGNITION_MODEL = 'recognition_04';
/** Azure: identical at a confidence of 0.5 or more; Kith's calibration puts its threshold there. */
export const DEFAULT_MIN_CONFIDENCE = 0.5;

/** Azure: faces returned by one detection, largest first. */
export const MAX_FACES_PER_IMAGE = 100;
/** Azure: faces in one identify call. */
export const MAX_PROBES_PER_IDENTIFY = 10;
/** Azure: enrolments a person. */
export const MAX_ENROLMENTS_PER_PERSON = 248;
/** Azure: candidates a probe. */
export const MAX_CANDIDATES = 100;
export const DEFAULT_CANDIDATES = 10;

/** Azure: lifetime of a probe, seconds. */
export const MIN_PROBE_TTL_S = 60;
export const MAX_PROBE_TTL_S = 86_400;
export const DEFAULT_PROBE_TTL_S = 86_400;

/** Azure: lengths in UTF-16 code units. */
export const MAX_ID_LENGTH = 64;
export const MAX_NAME_LENGTH = 128;
export const MAX_USER_DATA_LENGTH = 16_384;
export const MAX_FACE_USER_DATA_LENGTH = 1024;
/** Azure: page sizes. */
export const MAX_PAGE = 1000;

/** Azure S0: persons a gallery. */
export const MAX_PERSONS_PERSON_GALLERY = 10_000;
export const MAX_PERSONS_LARGE_PERSON_GALLERY = 1_000_000;
/** Azure S0: persons of a tenant's directory. */
export const MAX_PERSONS_DIRECTORY = 75_000_000;
/** Azure: galleries of the kind `face`, which are listed on one page. */
export const MAX_FACE_GALLERIES = 64;
/** Azure S0: faces a gallery of faces. */
export const MAX_FACES_FACE_GALLERY = 1000;
export const MAX_FACES_LARGE_FACE_GALLERY = 1_000_000;

/** A key carries at least 256 bits; 32 characters is the least that can. */
export const API_KEY_BYTES = 32;
export const MIN_API_KEY_LENGTH = 32;

/** Azure: how long it can be asked how an operation went. */
export const OPERATION_KEPT_MS = 48 * 3_600_000;

/** Azure: how long a liveness session's token is good for, seconds, and how long the session is kept. */
export const MIN_SESSION_TOKEN_TTL_S = 60;
export const MAX_SESSION_TOKEN_TTL_S = 86_400;
export const DEFAULT_SESSION_TOKEN_TTL_S = 600;
export const SESSION_KEPT_MS = 48 * 3_600_000;

/** Azure: how long a snapshot can be applied. */
export const SNAPSHOT_KEPT_MS = 48 * 3_600_000;

/** How long a merge of two persons can be undone. */
export const MERGE_KEPT_MS = 30 * 86_400_000;

/** How long an answer waits for a second person to confirm it. */
export const REVIEW_KEPT_MS = 7 * 86_400_000;

/**
 * Pairs that a gallery keeps as two people: more than anybody looks at (ten seconds each, they are seven weeks of work), and few
 * enough for a search to hold at once.
 */
export const MAX_DISMISSED_PAIRS = 100_000;

/** A gallery's purpose and lawful basis, in UTF-16 code units. */
export const MAX_TERMS_LENGTH = 256;
/** Three years after their last use nobody is kept, as the strictest biometric laws say (740 ILCS 14/15(a)). */
export const DEFAULT_RETENTION_DAYS = 1096;
export const MAX_RETENTION_DAYS = 36_525;

/** Who gave consent, and how, in UTF-16 code units. */
export const MAX_CONSENT_LENGTH = 128;

/** Galleries, or purposes, that one key may be bound to. */
export const MAX_KEY_BOUNDS = 100;
export const MAX_KEY_LABEL_LENGTH = 100;
