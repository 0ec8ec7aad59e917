import { type GenericFormatter, SingleBar } from 'cli-progress';
import type { Terminal } from '../terminal.ts';
import { count } from '../words.ts';
import { createRateMeter, duration } from './rate-meter.ts';

export interface Progress {
  /** One more photo is through. */
  advance(wasRefused: boolean): void;
  stop(): void;
}

const BAR_WIDTH = 24;
/** Where there is no terminal, a line this often. */
const LINE_INTERVAL_MS = 10_000;

/** A bar with rate and time left on a terminal, a line now and then elsewhere, nothing with --quiet. */
export function startProgress(terminal: Terminal, total: number): Progress {
  const startMs = Date.now();
  const meter = createRateMeter(startMs);
  let done = 0;
  let refused = 0;
  const state = (): string => {
    const rate = meter.perSecond();
    const left = meter.secondsLeft(total);
    return [
      `${done.toLocaleString('en')} of ${count(total, 'photo')}`,
      ...(rate === undefined ? [] : [`${rate.toFixed(1)} a second`]),
      ...(left === undefined || done === total ? [] : [`${duration(left)} left`]),
      ...(refused > 0 ? [`${refused} refused`] : []),
    ].join(', ');
  };
  const bar = terminal.progressBar ? startBar(terminal.progressBar, total, state) : undefined;
  let lastLineMs = startMs;
  return {
    advance(wasRefused) {
      done++;
      if (wasRefused) refused++;
      const nowMs = Date.now();
      meter.note(done, nowMs);
      bar?.update(done);
      if (!bar && nowMs - lastLineMs >= LINE_INTERVAL_MS) {
        lastLineMs = nowMs;
        terminal.note(state());
      }
    },
    stop: () => bar?.stop(),
  };
}

function startBar(stream: NodeJS.WriteStream, total: number, state: () => string): SingleBar {
  const format: GenericFormatter = (_options, { progress }) => {
    const filled = Math.round(progress * BAR_WIDTH);
    const line = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${state()}`;
    return line.slice(0, (stream.columns || 80) - 1);
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
