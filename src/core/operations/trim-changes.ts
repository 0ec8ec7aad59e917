import type { Clock } from '../ports.ts';
import type { ChangeStore } from '../storage/changes.ts';

/** Whoever stood still for no longer than this goes on where it was; who did must read all anew. */
const KEPT_MS = 3_600_000;
/** Of one transaction: some ten milliseconds. */
const TRIMMED_AT_ONCE = 5000;

/**
 * Answers what forgets changes that are older than an hour and that everybody has followed; to be called once a minute.
 * Changes have no time of their own: what was the last at a call is an hour old an hour later.
 */
export function createChangeTrimmer({
  store,
  clock,
}: {
  readonly store: Pick<ChangeStore, 'lastChangeNo' | 'trimChanges'>;
  readonly clock: Clock;
}): (followedNo: number) => Promise<void> {
  let seen: readonly { readonly atMs: number; readonly changeNo: number }[] = [];
  let oldNo = 0;

  return async (followedNo) => {
    const nowMs = clock.nowMs();
    seen = [...seen, { atMs: nowMs, changeNo: await store.lastChangeNo() }];
    for (const { atMs, changeNo } of seen) if (nowMs - atMs >= KEPT_MS) oldNo = Math.max(oldNo, changeNo);
    seen = seen.filter(({ atMs }) => nowMs - atMs < KEPT_MS);
    const untilNo = Math.min(oldNo, followedNo);
    if (untilNo === 0) return;
    while ((await store.trimChanges(untilNo, TRIMMED_AT_ONCE)) === TRIMMED_AT_ONCE);
  };
}
