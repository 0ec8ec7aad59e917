import type { RecallStats } from '../core/ports.ts';

/** What the two-stage search is built for: 99.99 % of searches name the person that the exact scan names first. */
const WANTED_MISSES = 1e-4;
/** Until there are samples: 4.2 standard errors leave 1.3e-5 at each of four looks, and that only at the very bar. */
const DESIGNED_MISSES = 5e-5;
/** How many samples the design is worth: it fades as real ones come in. */
const DESIGN_SAMPLES = 2000;
const FIRST_MARGIN = 4.2;
const WIDEST_MARGIN = 9;
const MARGIN_STEP = 0.5;
/** One search in so many is run again as an exact scan, in idle time. */
const SAMPLE_EVERY = 64;
/** 95 %, one-sided. */
const Z = 1.645;

/** Holds the two-stage search against the exact scan, and trusts the sketches less when they miss. */
export class RecallMonitor {
  /** Standard errors that a sketch is trusted to. */
  margin = FIRST_MARGIN;
  #sampled = 0;
  #missed = 0;
  #sinceWidened = { sampled: 0, missed: 0 };
  #untilSample = 1;
  #sampling = false;

  /** Whether the search that just ended is to be run again; one at a time. */
  takesSample(): boolean {
    if (this.#sampling || --this.#untilSample > 0) return false;
    this.#untilSample = SAMPLE_EVERY;
    this.#sampling = true;
    return true;
  }

  /** Ends a sample; `agreed` is undefined when it could not be judged. */
  endSample(agreed: boolean | undefined): void {
    this.#sampling = false;
    if (agreed === undefined) return;
    this.#sampled++;
    this.#sinceWidened.sampled++;
    if (agreed) return;
    this.#missed++;
    this.#sinceWidened.missed++;
    if (this.#sinceWidened.missed <= WANTED_MISSES * this.#sinceWidened.sampled) return;
    this.margin = Math.min(WIDEST_MARGIN, this.margin + MARGIN_STEP);
    this.#sinceWidened = { sampled: 0, missed: 0 };
  }

  stats(): RecallStats {
    const { sampled, missed } = { sampled: this.#sampled, missed: this.#missed };
    const misses = (missed + DESIGNED_MISSES * DESIGN_SAMPLES) / (sampled + DESIGN_SAMPLES);
    return { sampled, missed, estimate: 1 - misses, lowerBound: sampled === 0 ? 0 : wilsonLowerBound(sampled, missed) };
  }
}

/** Wilson, "Probable inference", JASA 22, 1927. */
function wilsonLowerBound(sampled: number, missed: number): number {
  const share = 1 - missed / sampled;
  const square = Z ** 2 / sampled;
  const spread = Z * Math.sqrt((share * (1 - share)) / sampled + square / (4 * sampled));
  return (share + square / 2 - spread) / (1 + square);
}
