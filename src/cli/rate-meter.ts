/** Photos a second over the last while, and the time the rest will take: what was skipped an hour ago says nothing now. */
export interface RateMeter {
  /** `done` only ever rises. */
  note(done: number, nowMs: number): void;
  /** Undefined until there is something to tell from. */
  perSecond(): number | undefined;
  secondsLeft(total: number): number | undefined;
}

const WINDOW_MS = 20_000;

export function createRateMeter(startMs: number): RateMeter {
  const samples = [{ done: 0, atMs: startMs }];
  function perSecond(): number | undefined {
    const first = samples[0];
    const last = samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs || last.done === first.done) return undefined;
    return ((last.done - first.done) * 1000) / (last.atMs - first.atMs);
  }
  return {
    note(done, nowMs) {
      samples.push({ done, atMs: nowMs });
      while (samples.length > 2 && (samples[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) samples.shift();
    },
    perSecond,
    secondsLeft(total) {
      const rate = perSecond();
      return rate === undefined ? undefined : Math.max(0, total - (samples.at(-1)?.done ?? 0)) / rate;
    },
  };
}

/** 4000 → "1 h 7 min": two units say enough. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
