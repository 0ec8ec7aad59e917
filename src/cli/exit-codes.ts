/** Exit codes of every command; docs/command-line.md tells users. */
export const EXIT = {
  /** All that was asked for was done. */
  done: 0,
  /** Some was done, some refused or broken off; what was checked is not as it should be. */
  someRefused: 1,
  /** Nothing was done: bad usage, bad settings, or everything refused. */
  nothingDone: 2,
  /** Stopped by Ctrl-C: 128 + SIGINT, as shells expect. */
  interrupted: 130,
  /** Whoever read the answer closed the pipe before its end: 128 + SIGPIPE, as of any other tool. */
  readerGone: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeFor(outcome: { readonly done: number; readonly refused: number }): ExitCode {
  if (outcome.refused === 0) return EXIT.done;
  return outcome.done > 0 ? EXIT.someRefused : EXIT.nothingDone;
}
