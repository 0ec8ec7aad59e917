import type { Clock } from './ports.ts';

/** A clock is set right by seconds; a machine that slept wakes up hours late. */
const MAX_JUMP_MS = 86_400_000;

/** Whether the clock was set to another time, by more than a day, since the watch began; `monotonicMs` only ever rises. */
export function watchClock(clock: Clock, monotonicMs: () => number): { readonly hasJumped: () => boolean } {
  const startMs = clock.nowMs() - monotonicMs();
  return { hasJumped: () => Math.abs(clock.nowMs() - monotonicMs() - startMs) > MAX_JUMP_MS };
}
