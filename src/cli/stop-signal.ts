import { EXIT } from './exit-codes.ts';

export interface StopListener {
  readonly signal: AbortSignal;
  /** From then on signals end the process again. */
  release(): void;
}

/** Ctrl-C (or SIGTERM) asks to stop; a second one ends the process at once. */
export function listenForStop(onFirst: () => void): StopListener {
  const stop = new AbortController();
  const listener = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    onFirst();
    stop.abort();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    signal: stop.signal,
    release() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
