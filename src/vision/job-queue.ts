// What waits for a process. A burst is served in its order, to its last. When more comes than can ever be served, the newest
// goes first and nobody waits long for a refusal: the queue would only make every answer late (adaptive LIFO and controlled
// delay, B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015).

export interface JobQueueOptions {
  /** Jobs that may wait; one more costs one a refusal. */
  readonly maxQueued: number;
  readonly nowMs: () => number;
}

/** Full again so long after it first was, never empty meanwhile: more comes than a burst. */
const FLOODED_AFTER_MS = 500;
/** The longest that a job then waits: a few times as long as one takes. */
const FLOODED_WAIT_MS = 150;
/** The longest while a queue stands, short of a flood. */
const STANDING_WAIT_MS = 1000;

interface Waiting<T> {
  readonly job: T;
  readonly sinceMs: number;
}

export class JobQueue<T> {
  readonly #options: JobQueueOptions;
  #waiting: Waiting<T>[] = [];
  /** Jobs taken since the queue was empty: a burst that fits makes no more of them than fit. */
  #taken = 0;
  #firstFullMs = 0;
  #lastFullMs = 0;

  constructor(options: JobQueueOptions) {
    this.#options = options;
  }

  /** Takes the job in; answers those that are to be refused, of which it may be one. */
  push(job: T): readonly T[] {
    const nowMs = this.#options.nowMs();
    if (this.#waiting.length === 0) {
      this.#taken = 0;
      this.#firstFullMs = this.#lastFullMs = 0;
    }
    if (this.#isFull()) {
      this.#firstFullMs ||= nowMs;
      this.#lastFullMs = nowMs;
    }
    const refused = this.takeOverdue();
    if (this.#isFull()) {
      const oldest = this.#isFlooded() ? this.#waiting.shift() : undefined;
      if (!oldest) return [...refused, job];
      refused.push(oldest.job);
    }
    this.#waiting.push({ job, sinceMs: nowMs });
    return refused;
  }

  /** The one to do next. */
  take(): T | undefined {
    const next = this.#isFlooded() ? this.#waiting.pop() : this.#waiting.shift();
    this.#taken++;
    return next?.job;
  }

  /** Takes out those that waited in vain, to be refused. */
  takeOverdue(): T[] {
    const nowMs = this.#options.nowMs();
    const longestMs = this.#longestWaitMs();
    const inTime = this.#waiting.findIndex(({ sinceMs }) => nowMs - sinceMs <= longestMs);
    const overdue = this.#waiting.splice(0, inTime < 0 ? this.#waiting.length : inTime);
    return overdue.map(({ job }) => job);
  }

  /** Takes the job out, if it waits. */
  remove(job: T): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.job !== job);
  }

  /** Takes out all. */
  clear(): T[] {
    return this.#waiting.splice(0).map(({ job }) => job);
  }

  #longestWaitMs(): number {
    if (this.#isFlooded()) return FLOODED_WAIT_MS;
    return this.#taken > this.#options.maxQueued ? STANDING_WAIT_MS : Number.POSITIVE_INFINITY;
  }

  #isFull(): boolean {
    return this.#waiting.length >= this.#options.maxQueued;
  }

  #isFlooded(): boolean {
    return this.#lastFullMs - this.#firstFullMs >= FLOODED_AFTER_MS;
  }
}
