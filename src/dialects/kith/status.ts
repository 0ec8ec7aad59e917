import Type from 'typebox';
import type { Deps } from '../../core/ports.ts';
import type { Routes } from './route.ts';
import { Status } from './status-wire.ts';
import { wireTime } from './wire.ts';

/** What the service was busy with in a minute. */
export interface MinuteLoad {
  readonly startMs: number;
  readonly requestsPerS: number;
  readonly identifications: number;
  /** From a request to the end of its answer; absent where there was none. */
  readonly medianMs?: number;
  readonly p95Ms?: number;
  /** Searches that waited at once, at most. */
  readonly mostQueued: number;
}

/** What only the process around the dialect knows. */
export interface ServiceFacts {
  readonly version: string;
  /** Oldest first. */
  readonly lastHour: () => readonly MinuteLoad[];
  /** On the disk of the data directory; undefined where there is none. */
  readonly freeDiskBytes: () => Promise<number | undefined>;
  readonly lastBackup: () => Promise<{ readonly finishedMs: number; readonly bytes: number } | undefined>;
}

export function addStatusRoute(routes: Routes, deps: Pick<Deps, 'index'>, facts: ServiceFacts): void {
  routes.json({
    method: 'GET',
    path: '/status',
    summary: 'How the service is: numbers only',
    permission: 'audit',
    query: Type.Object({}),
    answers: Status,
    async handle() {
      const stats = await deps.index.stats();
      const backup = await facts.lastBackup();
      const freeDiskBytes = await facts.freeDiskBytes();
      return {
        version: facts.version,
        uptimeS: Math.round(process.uptime()),
        memoryBytes: process.memoryUsage.rss(),
        faces: stats.enrolments,
        indexBytes: stats.reservedBytes,
        searches: stats.searches,
        searchesQueued: stats.queued,
        fastKernel: stats.kernel !== 'plain',
        recall: stats.recall.estimate,
        recallSamples: stats.recall.sampled,
        ...(freeDiskBytes === undefined ? {} : { freeDiskBytes }),
        ...(backup ? { lastBackup: { finishedAt: wireTime(backup.finishedMs), bytes: backup.bytes } } : {}),
        lastHour: facts.lastHour().map(({ startMs, ...minute }) => ({ at: wireTime(startMs), ...minute })),
      };
    },
  });
}
