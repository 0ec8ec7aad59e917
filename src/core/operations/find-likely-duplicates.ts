import { apartOf } from '../apart.ts';
import { packFor } from '../checks.ts';
import { duplicateScore } from '../fit-tail.ts';
import { fpirAt, packTail, thresholdFor } from '../impostor-tail.ts';
import type { Deps, Neighbour } from '../ports.ts';
import type { Gallery } from '../types.ts';

/** Two entries of a gallery that are likelier one person enrolled twice than two strangers. */
export interface DuplicatePair {
  /** In the order of their enrolment. */
  readonly persons: readonly [DuplicatePerson, DuplicatePerson];
  /** Cosine of their closest enrolments. */
  readonly score: number;
  /** Pairs of strangers expected to come as close in a gallery of this size; well below 1 is a strong sign. */
  readonly expectedByChance: number;
}

export interface DuplicatePerson {
  readonly personId: string;
  readonly personName: string;
  /** The enrolment that comes closest to the other person. */
  readonly enrolmentId: string;
}

export interface DuplicatesBatch {
  /** Each pair once a run; a run that goes on after another may find one of its pairs again, from the other side. */
  readonly pairs: readonly DuplicatePair[];
  /** Kept, and given as `afterEnrolmentNo`, this is where another run goes on. */
  readonly doneEnrolmentNo: number;
  readonly done: number;
  readonly total: number;
}

/** A handful of people have few pairs: even there, no pair below the pack's score for this 1:1 rate is worth a look. */
const FLOOR_FMR = 1e-3;

type DuplicateDeps = Pick<Deps, 'store' | 'index' | 'engine' | 'recognitionModels'>;

/**
 * People enrolled twice under different names or numbers, by comparing every enrolment with all of other persons; in
 * the background, in batches by rising enrolment number. What counts as too close for strangers follows from the
 * gallery's own impostor tail where it has one, else from its pack's. Pairs that were dismissed are left out.
 */
export async function* findLikelyDuplicates(
  deps: DuplicateDeps,
  gallery: Gallery,
  options: { readonly afterEnrolmentNo?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<DuplicatesBatch> {
  const { persons } = await deps.index.size(gallery.galleryNo);
  if (persons < 2) return;
  const packCurve = packTail(packFor(deps, gallery.recognitionModel).calibration);
  const curve = gallery.tail?.curve ?? packCurve;
  const minScore = Math.max(duplicateScore(curve, persons), thresholdFor(packCurve, FLOOR_FMR, { persons: 1 }));
  const strangerPairs = (persons * (persons - 1)) / 2;
  const seen = new Set<string>();
  const { afterEnrolmentNo, signal } = options;
  // All at once, as there are not many, and given to the search itself: taken out of what it finds, a dismissed twin would
  // hide whoever comes next closest
  const apart = apartOf(await deps.store.dismissedPersonNos(gallery));
  const batches = deps.index.allNeighbours(
    gallery.galleryNo,
    { minScore, apart, ...(afterEnrolmentNo === undefined ? {} : { afterEnrolmentNo }) },
    signal,
  );
  for await (const { neighbours, ...progress } of batches) {
    const closest = closestOfEachPair(neighbours).filter((neighbour) => !seen.has(pairKey(neighbour)));
    for (const neighbour of closest) seen.add(pairKey(neighbour));
    const pairs: DuplicatePair[] = [];
    for (const neighbour of closest) {
      const persons = await resolvePair(deps, gallery, neighbour);
      const expectedByChance = strangerPairs * fpirAt(curve, neighbour.score, { persons: 1 });
      if (persons) pairs.push({ persons, score: neighbour.score, expectedByChance });
    }
    yield { pairs, ...progress };
  }
}

function closestOfEachPair(neighbours: readonly Neighbour[]): readonly Neighbour[] {
  const closest = new Map<string, Neighbour>();
  for (const neighbour of neighbours) {
    const key = pairKey(neighbour);
    if ((closest.get(key)?.score ?? -1) < neighbour.score) closest.set(key, neighbour);
  }
  return [...closest.values()].sort((a, b) => b.score - a.score);
}

function pairKey({ personNo, nearestPersonNo }: Neighbour): string {
  return personNo < nearestPersonNo ? `${personNo}:${nearestPersonNo}` : `${nearestPersonNo}:${personNo}`;
}

/** Undefined when one of the two was erased meanwhile. */
async function resolvePair(
  deps: Pick<Deps, 'store'>,
  gallery: Gallery,
  { personNo, enrolmentNo, nearestPersonNo, nearestEnrolmentNo }: Neighbour,
): Promise<readonly [DuplicatePerson, DuplicatePerson] | undefined> {
  const hits = [
    { personNo, enrolmentNo },
    { personNo: nearestPersonNo, enrolmentNo: nearestEnrolmentNo },
  ].sort((a, b) => a.personNo - b.personNo);
  const [first, second] = await deps.store.resolvePersons(gallery, hits, 1);
  if (!first || !second) return undefined;
  return [personOf(first), personOf(second)];
}

function personOf(resolved: Awaited<ReturnType<Deps['store']['resolvePersons']>>[number]): DuplicatePerson {
  const { personId, personName, enrolments } = resolved;
  return { personId, personName, enrolmentId: enrolments[0]?.enrolmentId ?? '' };
}
