import { type GenericFormatter, SingleBar } from 'cli-progress';
import { createRateMeter, duration } from './rate-meter.ts';
import type { Terminal } from './terminal.ts';
import { count } from './words.ts';

export interface Progress {
  /** One more is through. */
  advance(wasRefused: boolean): void;
  /** So many are through, all of them well. */
  advanceTo(done: number): void;
  /** The user asked to stop: from now on only what is under way is finished. */
  stopping(): void;
  stop(): void;
}

const MIN_BAR_WIDTH = 6;
const MAX_BAR_WIDTH = 24;
/** Where there is no terminal, a line this often. */
const LINE_INTERVAL_MS = 10_000;

/** A bar with rate and time left on a terminal, a line now and then elsewhere, nothing with --quiet. `noun` takes an s. */
export function startProgress(terminal: Terminal, total: number, noun = 'photo'): Progress {
  const stoppingText = `Finishing the ${noun}s under way; Ctrl-C again stops at once`;
  const startMs = Date.now();
  const meter = createRateMeter(startMs);
  let done = 0;
  let refused = 0;
  let isStopping = false;
  const state = (): string => {
    if (isStopping) return stoppingText;
    const rate = meter.perSecond();
    const left = meter.secondsLeft(total);
    return [
      `${done.toLocaleString('en')} of ${count(total, noun)}`,
      ...(rate === undefined ? [] : [`${rate.toFixed(1)} a second`]),
      ...(left === undefined || done === total ? [] : [`${duration(left)} left`]),
      ...(refused > 0 ? [`${refused} refused`] : []),
    ].join(', ');
  };
  const bar = terminal.progressBar ? startBar(terminal.progressBar, total, state) : undefined;
  let lastLineMs = startMs;
  const show = (): void => {
    const nowMs = Date.now();
    meter.note(done, nowMs);
    bar?.update(done);
    if (!bar && nowMs - lastLineMs >= LINE_INTERVAL_MS) {
      lastLineMs = nowMs;
      terminal.note(state());
    }
  };
  return {
    advance(wasRefused) {
      done++;
      if (wasRefused) refused++;
      show();
    },
    advanceTo(reached) {
      done = reached;
      show();
    },
    stopping() {
      isStopping = true;
      if (bar) bar.update(done);
      else terminal.note(stoppingText);
    },
    stop: () => bar?.stop(),
  };
}

function startBar(stream: NodeJS.WriteStream, total: number, state: () => string): SingleBar {
  const format: GenericFormatter = (_options, { progress }) => {
    const text = state();
    const columns = (stream.columns || 80) - 1;
    const width = Math.max(MIN_BAR_WIDTH, Math.min(MAX_BAR_WIDTH, columns - text.length - 1));
    const filled = Math.round(progress * width);
    return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${text}`.slice(0, columns);
  };
  const bar = new SingleBar({
    format,
    stream,
    fps: 8,
    clearOnComplete: true,
    // Nothing about the terminal is changed, so nothing must be put back when the process is ended
    hideCursor: null,
    linewrap: null,
    gracefulExit: false,
  });
  bar.start(total, 0);
  return bar;
}
