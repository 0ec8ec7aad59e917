import { Duplicates } from '../../dialects/kith/wire.ts';
import { type Progress, startProgress } from '../progress.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { listenForStop } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';

export interface NamedPair {
  readonly people: readonly { readonly personId: string; readonly person: string; readonly faceId: string }[];
  readonly score: number;
  readonly expectedByChance: number;
}

/** In slices of as much as the service compares at once; closest first. */
export async function duplicatesByService(
  service: ServiceClient,
  galleryId: string,
  terminal: Terminal,
): Promise<{ readonly pairs: readonly NamedPair[]; readonly isComplete: boolean }> {
  const found = new Map<string, NamedPair>();
  let progress: Progress | undefined;
  let done = 0;
  let after: number | undefined;
  const stop = listenForStop(() => progress?.stopping());
  try {
    do {
      const slice = await service.call({
        method: 'GET',
        path: pathTo('galleries', galleryId, 'duplicates'),
        query: { after },
        answers: Duplicates,
        isRepeatable: true,
      });
      done += slice.compared;
      progress ??= startProgress(terminal, slice.compared + slice.remaining, 'face');
      progress.advanceTo(done);
      for (const pair of slice.pairs) keepCloser(found, pair);
      after = slice.next;
    } while (after !== undefined && !stop.signal.aborted);
  } finally {
    progress?.stop();
    stop.release();
  }
  const pairs = [...found.values()].sort((a, b) => b.score - a.score);
  return { pairs, isComplete: after === undefined };
}

/** A later slice may find a pair again, from its other side. */
function keepCloser(
  found: Map<string, NamedPair>,
  { people, score, expectedByChance }: { readonly people: readonly NamedPerson[] } & Omit<NamedPair, 'people'>,
): void {
  const key = people
    .map(({ personId }) => personId)
    .sort()
    .join();
  const known = found.get(key);
  if (known && known.score >= score) return;
  const named = people.map(({ personId, name, faceId }) => ({ personId, person: name, faceId }));
  found.set(key, { people: named, score, expectedByChance });
}

interface NamedPerson {
  readonly personId: string;
  readonly name: string;
  readonly faceId: string;
}
