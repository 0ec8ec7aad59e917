import { styleText } from 'node:util';
import { foldText } from './display-width.ts';
import { jsonLine } from './printable.ts';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** What a command may say, and where; nothing else in the command line writes to a stream. */
export interface Terminal {
  /** What was asked for, for people: standard output, unless `--json`. */
  answer(text: string): void;
  /** What was done, for people: standard output, unless `--json` or `--quiet`. */
  say(line: string): void;
  /** The result, for programs: one line of JSON on standard output, with `--json` only. */
  record(record: { readonly type: string } & Readonly<Record<string, unknown>>): void;
  /** What else is worth knowing: standard error, unless `--quiet`. */
  note(line: string): void;
  /** Why it failed: standard error, always. */
  fail(line: string): void;
  /** A sentence broken between words at the edge of the terminal, if standard output is one. */
  fold(sentence: string): string;
  /** Styled for standard output, or plain where that is no terminal. */
  paint(style: Style, text: string): string;
  /** The stream for a progress bar; undefined where there must be none. */
  readonly progressBar: NodeJS.WriteStream | undefined;
  /** Whether a result was told, or would have been with `--json`: what fails after it was done in part. */
  readonly hasResult: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly columns: number;
}

export interface TerminalOptions {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const DEFAULT_COLUMNS = 80;
/** Wider tables are harder to read, not easier. */
const MAX_COLUMNS = 140;

export function openTerminal({ isJson, isQuiet, env, stdout, stderr }: TerminalOptions): Terminal {
  const hasColour = wantsColour(env, stdout.isTTY === true);
  // A bar and lines of JSON on one screen would tear each other apart
  const hasBar = stderr.isTTY === true && !isQuiet && env.TERM !== 'dumb' && !(isJson && stdout.isTTY);
  const columnsOf = (stream: NodeJS.WriteStream) => Math.min(MAX_COLUMNS, stream.columns || DEFAULT_COLUMNS);
  const foldFor = (stream: NodeJS.WriteStream, text: string): string =>
    stream.isTTY
      ? text
          .split('\n')
          .map((line) => foldText(line, columnsOf(stream)))
          .join('\n')
      : text;
  let hasResult = false;
  return {
    answer(text) {
      if (!isJson) stdout.write(`${text}\n`);
    },
    say(line) {
      if (!isJson && !isQuiet) stdout.write(`${line}\n`);
    },
    record(record) {
      if (record.type !== 'refused') hasResult = true;
      if (isJson) stdout.write(`${jsonLine(record)}\n`);
    },
    note(line) {
      if (!isQuiet) stderr.write(`${foldFor(stderr, line)}\n`);
    },
    fail(line) {
      stderr.write(`${foldFor(stderr, line)}\n`);
    },
    fold: (sentence) => foldFor(stdout, sentence),
    paint: (style, text) => (hasColour ? styleText(style, text, { validateStream: false }) : text),
    progressBar: hasBar ? stderr : undefined,
    get hasResult() {
      return hasResult;
    },
    isQuiet,
    isJson,
    columns: columnsOf(stdout),
  };
}

/** no-color.org: any value that isn't empty turns colour off, whatever else is set. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}
