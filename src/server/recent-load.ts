// How busy the service was, minute by minute over the last hour: kept in memory only, in numbers that tell of nobody.
import type { FastifyInstance } from 'fastify';
import type { GalleryIndex } from '../core/ports.ts';
import type { MinuteLoad } from '../dialects/kith/status.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;
const QUEUE_INTERVAL_MS = 1000;
/** Photos that were searched with, and probes. */
const IDENTIFY = /\/identify$/;
/** Times go into buckets, each a tenth longer than the one before: a quantile is off by 5 % at most. */
const BUCKET_RATIO = 1.1;
/** From 0.1 ms to some three minutes, which no request outlives. */
const FIRST_BUCKET_MS = 0.1;
const BUCKETS = 152;

interface Minute {
  readonly minute: number;
  requests: number;
  identifications: number;
  readonly times: Uint32Array;
  mostQueued: number;
}

export interface RecentLoad {
  noteRequest(answered: { readonly isIdentify: boolean; readonly elapsedMs: number }): void;
  noteQueue(searches: number): void;
  /** Oldest first; the minute that is under way is last. */
  minutes(): readonly MinuteLoad[];
}

/** `nowMs` is monotonic, so that a clock that is set changes nothing; `epochMs` only dates what is shown. */
export function createRecentLoad(clock: { nowMs(): number; epochMs(): number }): RecentLoad {
  const startMs = clock.nowMs();
  const ring: Minute[] = [newMinute(0)];

  /** Minutes without a request are minutes too. */
  function current(): Minute {
    const minute = Math.floor((clock.nowMs() - startMs) / MINUTE_MS);
    const last = ring.at(-1)?.minute ?? -1;
    for (let next = Math.max(last + 1, minute - MINUTES + 1); next <= minute; next++) ring.push(newMinute(next));
    ring.splice(0, ring.length - MINUTES);
    return ring.at(-1) as Minute;
  }

  return {
    noteRequest({ isIdentify, elapsedMs }) {
      const minute = current();
      minute.requests++;
      if (!isIdentify) return;
      minute.identifications++;
      const bucket = bucketOf(elapsedMs);
      minute.times[bucket] = (minute.times[bucket] ?? 0) + 1;
    },
    noteQueue(searches) {
      const minute = current();
      minute.mostQueued = Math.max(minute.mostQueued, searches);
    },
    minutes() {
      const now = current().minute;
      const sinceMs = clock.nowMs() - startMs;
      return ring.map(({ minute, requests, identifications, times, mostQueued }) => {
        const lengthMs = minute === now ? Math.max(1000, sinceMs - minute * MINUTE_MS) : MINUTE_MS;
        return {
          startMs: clock.epochMs() - sinceMs + minute * MINUTE_MS,
          requestsPerS: (requests * 1000) / lengthMs,
          identifications,
          ...(identifications > 0 && {
            medianMs: quantile(times, identifications, 0.5),
            p95Ms: quantile(times, identifications, 0.95),
          }),
          mostQueued,
        };
      });
    },
  };
}

/** Notes every request of the server, and once a second how many searches wait. */
export function watchLoad(
  app: FastifyInstance,
  { index }: { readonly index: Pick<GalleryIndex, 'stats'> },
): RecentLoad {
  const load = createRecentLoad({ nowMs: () => performance.now(), epochMs: () => Date.now() });
  app.addHook('onResponse', async (request, reply) => {
    // What was refused says nothing of how long a search takes
    const isIdentify = reply.statusCode < 300 && IDENTIFY.test(request.routeOptions.url ?? '');
    load.noteRequest({ isIdentify, elapsedMs: reply.elapsedTime });
  });
  let isAsking = false;
  const timer = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      load.noteQueue((await index.stats()).queued);
    } catch {
      // An index that is out of order is for its own callers to tell; here a second has no value
    } finally {
      isAsking = false;
    }
  }, QUEUE_INTERVAL_MS);
  timer.unref();
  app.addHook('onClose', async () => clearInterval(timer));
  return load;
}

function newMinute(minute: number): Minute {
  return { minute, requests: 0, identifications: 0, times: new Uint32Array(BUCKETS), mostQueued: 0 };
}

function bucketOf(elapsedMs: number): number {
  const bucket = Math.floor(Math.log(Math.max(elapsedMs, FIRST_BUCKET_MS) / FIRST_BUCKET_MS) / Math.log(BUCKET_RATIO));
  return Math.min(BUCKETS - 1, bucket);
}

/** The middle of the bucket in which the quantile lies. */
function quantile(times: Uint32Array, count: number, share: number): number {
  let left = Math.ceil(count * share);
  let bucket = 0;
  for (; bucket < BUCKETS - 1; bucket++) {
    left -= times[bucket] ?? 0;
    if (left <= 0) break;
  }
  return FIRST_BUCKET_MS * BUCKET_RATIO ** (bucket + 0.5);
}
