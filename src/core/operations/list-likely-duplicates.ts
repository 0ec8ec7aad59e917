import type { Deps } from '../ports.ts';
import type { Gallery } from '../types.ts';
import { type DuplicatePair, findLikelyDuplicates } from './find-likely-duplicates.ts';

export interface DuplicatesSlice {
  /** Closest first. A later slice may find a pair again, from the other side. */
  readonly pairs: readonly DuplicatePair[];
  /** Enrolments compared with all others in this slice. */
  readonly compared: number;
  /** Enrolments still to be compared. */
  readonly remaining: number;
  /** Where the next slice goes on; undefined when this was the last. */
  readonly nextAfter?: number;
}

/**
 * As much of the search for people enrolled twice as fits in `budgetMs`, and one batch at least. A million enrolments
 * take many slices: whoever asks keeps the place, so that nothing is lost when either side stops.
 */
export async function listLikelyDuplicates(
  deps: Pick<Deps, 'store' | 'index' | 'engine' | 'recognitionModels' | 'clock'>,
  gallery: Gallery,
  slice: { readonly afterEnrolmentNo?: number; readonly budgetMs: number; readonly signal?: AbortSignal },
): Promise<DuplicatesSlice> {
  const { budgetMs, ...from } = slice;
  const endMs = deps.clock.nowMs() + budgetMs;
  const pairs: DuplicatePair[] = [];
  let compared = 0;
  let remaining = 0;
  let nextAfter: number | undefined;
  for await (const batch of findLikelyDuplicates(deps, gallery, from)) {
    pairs.push(...batch.pairs);
    compared = batch.done;
    remaining = batch.total - batch.done;
    nextAfter = remaining > 0 ? batch.doneEnrolmentNo : undefined;
    if (deps.clock.nowMs() >= endMs) break;
  }
  pairs.sort((a, b) => b.score - a.score);
  return { pairs, compared, remaining, ...(nextAfter === undefined ? {} : { nextAfter }) };
}
