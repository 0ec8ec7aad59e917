import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditRecord } from '../core/audit-types.ts';
import { invalidArgument } from '../core/checks.ts';
import type { AuditCheck, AuditHistory, AuditPage, AuditQuery, Clock } from '../core/ports.ts';
import { parseLine } from './audit-line.ts';
import { listChains, listSegments, segmentPath } from './chain-folder.ts';
import { type CheckpointTrust, sortCheckpoints } from './compare-checkpoints.ts';
import { newestHead } from './newest-head.ts';
import { readLinesBackwards } from './read-lines-backwards.ts';
import { readVouchedDeed, type VouchedLog } from './read-vouched-deed.ts';
import { verifyAudit } from './verify-audit.ts';

/** Lines looked at between two turns of the event loop. */
const LINES_A_TURN = 500;
/** A look gives up here and says where the next one goes on. */
const MAX_LOOK_MS = 2000;
/** Records of a chain are in the order of their making, but for a clock that was set back by less than this. */
const CLOCK_SLACK_MS = 3_600_000;

/** Where a list goes on: in each chain, below this record. */
type Place = Readonly<Record<string, number>>;

/** One step back through a chain: to a record that is wanted, or past some that aren't. */
interface Step {
  readonly seq: number;
  readonly record?: AuditRecord;
}

interface Head {
  readonly chain: string;
  readonly steps: AsyncGenerator<Step, void, undefined>;
  next: AuditRecord | undefined;
  /** Everything from this record on was looked at, and handed out if it was wanted. */
  below: number;
  isOver: boolean;
}

interface AuditHistoryOptions extends VouchedLog {
  readonly clock: Clock;
  readonly checkpoints?: CheckpointTrust | undefined;
}

/**
 * Reads the log that this and other processes write; unlike `check` and `readDeed`, reading believes what stands there.
 */
export function createAuditHistory(options: AuditHistoryOptions): AuditHistory {
  const { folder, clock, key, checkpoints } = options;
  let lastCheck: AuditCheck | undefined;
  let checking: Promise<AuditCheck> | undefined;

  async function check(): Promise<AuditCheck> {
    const { chains } = await verifyAudit({ folder, checkpoints });
    const times = chains.flatMap(({ lastTime }) => lastTime ?? []).sort();
    const coversUntil = times.at(-1);
    lastCheck = {
      checkedMs: clock.nowMs(),
      ...(coversUntil === undefined ? {} : { coversUntil }),
      faults: chains.flatMap(({ fault }) => fault ?? []),
    };
    return lastCheck;
  }

  return {
    read: (query) => readPage(folder, query),
    readDeed: (place, isWanted) => readVouchedDeed(options, place, isWanted),
    async otherNodes() {
      if (!checkpoints) return [];
      const { elsewhere } = sortCheckpoints(await checkpoints.source.newest(), { key, nodeId: checkpoints.nodeId });
      return [...new Set(elsewhere.map(({ nodeName }) => nodeName))].sort();
    },
    lastCheck: () => lastCheck,
    async heads() {
      const chains = await listChains(folder);
      const heads = await Promise.all(chains.map((chain) => newestHead(join(folder, chain), chain, key)));
      return heads.filter((head) => head !== undefined);
    },
    check() {
      checking ??= check().finally(() => {
        checking = undefined;
      });
      return checking;
    },
  };
}

async function readPage(folder: string, query: AuditQuery): Promise<AuditPage> {
  const place = query.before === undefined ? undefined : placeOf(query.before);
  const startMs = performance.now();
  const heads: Head[] = [];
  for (const chain of await listChains(folder)) {
    // A chain that was begun since the page before holds newer records only
    const below = place ? (place[chain] ?? 0) : Number.POSITIVE_INFINITY;
    if (below <= 1) continue;
    const steps = stepsBack(folder, { chain, below }, query);
    heads.push({ chain, steps, next: undefined, below, isOver: false });
  }
  const found: AuditRecord[] = [];
  try {
    for (;;) {
      for (const head of heads) while (!head.next && !head.isOver && inTime()) await advance(head);
      const newest = heads.reduce<Head | undefined>(
        (best, head) => (head.next && (!best?.next || head.next.time > best.next.time) ? head : best),
        undefined,
      );
      const isUnsure = heads.some((head) => !head.next && !head.isOver);
      if (!newest?.next || isUnsure || found.length === query.limit) break;
      found.push(newest.next);
      newest.below = newest.next.seq;
      newest.next = undefined;
    }
  } finally {
    await Promise.all(heads.map(({ steps }) => steps.return()));
  }
  const isOver = heads.every((head) => head.isOver && !head.next);
  return { records: found, ...(isOver ? {} : { next: textOf(heads) }) };

  function inTime(): boolean {
    return performance.now() - startMs < MAX_LOOK_MS;
  }
}

async function advance(head: Head): Promise<void> {
  const { done, value } = await head.steps.next();
  if (done) head.isOver = true;
  else if (value.record) head.next = value.record;
  else head.below = value.seq;
}

async function* stepsBack(
  folder: string,
  { chain, below }: { readonly chain: string; readonly below: number },
  query: AuditQuery,
): AsyncGenerator<Step, void, undefined> {
  const { fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY, personId } = query;
  const chainFolder = join(folder, chain);
  const marks = query.actions?.map((action) => `"action":"${action}"`);
  let lines = 0;
  for (const segment of (await listSegments(chainFolder)).reverse()) {
    for await (const bytes of readLinesBackwards(segmentPath(chainFolder, segment))) {
      const isTurn = ++lines % LINES_A_TURN === 0;
      if (isTurn) await nextTurn();
      // Most lines are somebody else's: to find that out needs no parsing
      if (!isTurn && personId !== undefined && !bytes.includes(personId)) continue;
      if (!isTurn && marks && !marks.some((mark) => bytes.includes(mark))) continue;
      const line = parseLine(bytes);
      if (!line || line.seq >= below) continue;
      const record = { ...line.content, chain } as unknown as AuditRecord;
      const timeMs = Date.parse(record.time);
      if (timeMs < fromMs - CLOCK_SLACK_MS) return;
      if (timeMs >= fromMs && timeMs < untilMs && isWanted(record, query)) yield { seq: line.seq, record };
      else if (isTurn) yield { seq: line.seq };
    }
  }
}

function isWanted(record: AuditRecord, query: AuditQuery): boolean {
  const { tenantId, action, actions, outcome, galleryId, personId } = query;
  if (record.tenantId !== tenantId) return false;
  if (action !== undefined && record.action !== action) return false;
  if (actions !== undefined && !actions.includes(record.action)) return false;
  if (outcome !== undefined && record.outcome !== outcome) return false;
  if (galleryId !== undefined && (!('gallery' in record) || record.gallery?.galleryId !== galleryId)) return false;
  return personId === undefined || personsOf(record).includes(personId);
}

/** Whom a record names, found or not. */
function personsOf(record: AuditRecord): readonly string[] {
  const named = 'personIds' in record ? (record.personIds ?? []) : [];
  const found = 'searches' in record ? record.searches.flatMap(({ candidates }) => candidates) : [];
  return [...named, ...found.map(({ personId }) => personId)];
}

function textOf(heads: readonly Head[]): string {
  const place = Object.fromEntries(
    heads.map(({ chain, below, isOver, next }) => [
      chain,
      isOver && !next ? 0 : Math.min(below, Number.MAX_SAFE_INTEGER),
    ]),
  );
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function placeOf(text: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (
      typeof place === 'object' &&
      place !== null &&
      !Array.isArray(place) &&
      Object.values(place).every(Number.isSafeInteger)
    ) {
      return place as Place;
    }
  } catch {
    // Falls through to the refusal
  }
  throw invalidArgument('before', 'malformed', 'It is the next of a page of this list.');
}
