import { KithError } from '../../core/errors.ts';

/** First guess of a search's time; measured from then on. */
const FIRST_MS = 20;

/** Counts searches under way, refuses those that are too many, and lets work that can wait go after them. */
export class Errands {
  readonly #maxQueued: number;
  readonly #atOnce: number;
  #meanMs = FIRST_MS;
  #idle: (() => void)[] = [];
  queued = 0;
  refusedBusy = 0;

  /** `atOnce`: connections that the searches share. */
  constructor(options: { readonly maxQueued: number; readonly atOnce: number }) {
    this.#maxQueued = options.maxQueued;
    this.#atOnce = options.atOnce;
  }

  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.queued >= this.#maxQueued) {
      this.refusedBusy++;
      const waitS = (this.queued * this.#meanMs) / this.#atOnce / 1000;
      throw new KithError({ kind: 'busy', retryAfterS: Math.max(1, Math.ceil(waitS)) });
    }
    this.queued++;
    const startMs = performance.now();
    try {
      const result = await work();
      // With many at once each waits for others: what it took by itself is its part of that
      const ownMs = ((performance.now() - startMs) * this.#atOnce) / Math.max(this.#atOnce, this.queued);
      this.#meanMs += 0.1 * (ownMs - this.#meanMs);
      return result;
    } finally {
      this.queued--;
      if (this.#isIdle()) this.#wakeIdle();
    }
  }

  /** When at least half of the connections have nothing to do. */
  async runIdle<T>(work: () => Promise<T>): Promise<T> {
    while (!this.#isIdle()) await new Promise<void>((resolve) => this.#idle.push(resolve));
    return work();
  }

  #isIdle(): boolean {
    return this.queued <= this.#atOnce / 2;
  }

  #wakeIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const wake of waiting) wake();
  }
}
