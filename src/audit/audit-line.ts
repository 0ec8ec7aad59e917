// One line of a chain: what was done, when, by which key, its number, and the hash of the line before it.
import { hash } from 'node:crypto';
import type { AuditActor, AuditEvent, AuditRef, NotedReceipt } from '../core/audit-types.ts';
import type { GalleryRef } from '../core/types.ts';
import { canonicalJson, type JsonValue } from './canonical-json.ts';

/** What the first line of a chain has in place of a hash. */
export const NO_HASH = '0'.repeat(64);
/** A longer line is refused when written and a fault when read; 10 probes with 100 candidates each take 80 KB. */
export const MAX_LINE_BYTES = 1024 * 1024;
/** Room for a line's own number, the hash before it and its newline. */
const PLACE_BYTES = 128;
/** Ids are 64 at most; nothing longer is one. */
const MAX_TEXT_LENGTH = 128;
const SYSTEM_KEY_ID = 'system';

/** A line without its place in the chain. */
export type LineContent = { readonly [key: string]: JsonValue | undefined };

export interface ParsedLine {
  readonly seq: number;
  /** SHA-256 of the line before, hex. */
  readonly prev: string;
  readonly content: { readonly [key: string]: unknown };
}

/** A line's canonical text with gaps for its place: keys before `prev`, between it and `seq`, and after. */
export interface PreparedLine {
  readonly beforePrev: string;
  readonly beforeSeq: string;
  readonly rest: string;
  /** At most what the line will take. */
  readonly maxBytes: number;
}

/** Throws RangeError for what is too long for a line. */
export function prepareLine(content: LineContent): PreparedLine {
  const parts = { beforePrev: '', beforeSeq: '', rest: '' };
  for (const key of Object.keys(content).sort()) {
    const value = content[key];
    if (value === undefined) continue;
    const part = key < 'prev' ? 'beforePrev' : key < 'seq' ? 'beforeSeq' : 'rest';
    parts[part] += `${JSON.stringify(key)}:${canonicalJson(value)},`;
  }
  const maxBytes = Buffer.byteLength(parts.beforePrev + parts.beforeSeq + parts.rest) + PLACE_BYTES;
  if (maxBytes > MAX_LINE_BYTES) throw new RangeError(`An audit record of ${maxBytes} bytes is too long.`);
  return { ...parts, maxBytes };
}

/** The line's canonical text (RFC 8785) up to, and without, its newline. */
export function lineOf(
  { beforePrev, beforeSeq, rest }: PreparedLine,
  place: { readonly seq: number; readonly prev: string },
): Buffer {
  const members = `${beforePrev}"prev":"${place.prev}",${beforeSeq}"seq":${place.seq},${rest}`;
  return Buffer.from(`{${members.slice(0, -1)}}`, 'utf8');
}

/** SHA-256, hex, of a line without its newline. */
export function hashLine(line: Uint8Array): string {
  return hash('sha256', line, 'hex');
}

/** Undefined for bytes that are no line of a chain. */
export function parseLine(line: Uint8Array): ParsedLine | undefined {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return undefined;
  const { seq, prev } = content as { readonly seq?: unknown; readonly prev?: unknown };
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || typeof prev !== 'string') return undefined;
  return { seq, prev, content: content as ParsedLine['content'] };
}

/** Copies what an event may hold, member by member: whatever else is on the object doesn't reach the file. */
export function contentOf(event: AuditEvent, actor: AuditActor, timeMs: number): LineContent {
  const { action, outcome, problem, follows, counts, receipt } = event;
  return {
    time: timeOf(timeMs),
    tenantId: text(actor.tenantId),
    keyId: text(actor.keyId),
    action: text(action),
    outcome: text(outcome),
    problem: problem === undefined ? undefined : text(problem),
    follows: follows === undefined ? undefined : placeOf(follows),
    counts: counts === undefined ? undefined : countsOf(counts),
    receipt: receipt === undefined ? undefined : receiptOf(receipt),
    ...('gallery' in event && event.gallery !== undefined ? { gallery: galleryOf(event.gallery, actor) } : {}),
    ...('recognitionModel' in event ? { recognitionModel: text(event.recognitionModel) } : {}),
    ...('packId' in event && event.packId !== undefined ? { packId: text(event.packId) } : {}),
    ...('consentPolicy' in event && event.consentPolicy !== undefined
      ? { consentPolicy: text(event.consentPolicy) }
      : {}),
    ...('personIds' in event && event.personIds !== undefined ? { personIds: event.personIds.map(text) } : {}),
    ...('enrolmentIds' in event && event.enrolmentIds !== undefined
      ? { enrolmentIds: event.enrolmentIds.map(text) }
      : {}),
    ...('probeIds' in event ? { probeIds: event.probeIds.map(text) } : {}),
    ...('thresholdScore' in event ? { thresholdScore: number(event.thresholdScore) } : {}),
    ...('score' in event ? { score: rounded(event.score) } : {}),
    ...('searches' in event ? { searches: event.searches.map(searchOf) } : {}),
    ...('search' in event && event.search !== undefined ? { search: placeOf(event.search) } : {}),
    ...('erasure' in event ? { erasure: placeOf(event.erasure) } : {}),
    ...('subjectKeyId' in event ? { subjectKeyId: text(event.subjectKeyId) } : {}),
    ...('settings' in event ? { settings: event.settings.map(text) } : {}),
  };
}

/** A line Kith writes about itself: the start of a chain, the start and the end of use. */
export function systemContent(action: string, timeMs: number, details: LineContent): LineContent {
  return { ...details, action, keyId: SYSTEM_KEY_ID, time: timeOf(timeMs) };
}

function galleryOf(gallery: Pick<GalleryRef, 'kind' | 'galleryId'> | GalleryRef, actor: AuditActor): LineContent {
  if ('tenantId' in gallery && gallery.tenantId !== actor.tenantId) {
    throw new Error("A tenant's key can't have acted on another tenant's gallery.");
  }
  return { kind: text(gallery.kind), galleryId: text(gallery.galleryId) };
}

function searchOf(search: Extract<AuditEvent, { action: 'search' }>['searches'][number]): LineContent {
  return {
    probeId: search.probeId === undefined ? undefined : text(search.probeId),
    candidates: search.candidates.map(({ personId, score }) => ({ personId: text(personId), score: rounded(score) })),
  };
}

function placeOf({ chain, seq }: AuditRef): LineContent {
  return { chain: text(chain), seq: number(seq) };
}

function receiptOf({ receiptId, erasedAt, unconfirmedNodes }: NotedReceipt): LineContent {
  return {
    receiptId: text(receiptId),
    erasedAt: text(erasedAt),
    unconfirmedNodes: unconfirmedNodes?.map(text),
  };
}

function countsOf(counts: Readonly<Record<string, number>>): LineContent {
  return Object.fromEntries(Object.entries(counts).map(([what, count]) => [text(what), number(count)]));
}

/** Four decimals: enough to explain a decision, and no way to climb a score bit by bit. */
function rounded(score: number): number {
  return Math.round(number(score) * 10_000) / 10_000;
}

function text(value: string): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) {
    throw new TypeError(`An audit record holds ids and short words only, at most ${MAX_TEXT_LENGTH} characters.`);
  }
  return value;
}

function number(value: number): number {
  if (!Number.isFinite(value)) throw new TypeError(`An audit record can't hold the number ${value}.`);
  return value;
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
