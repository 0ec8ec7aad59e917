/** The command was called in a way that can't work: a sentence, without a stack, and exit code 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** Stopped by the user before anything was done: its sentence, and the exit code of Ctrl-C. */
export class StoppedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoppedError';
  }
}
