// A command in a real terminal: a pty by script (util-linux), and its screen as xterm shows it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { Terminal } from '@xterm/headless';

/** Not on every machine, so tests say that they skip for it. */
export const hasTerminal = spawnSync('script', ['--version']).status === 0;

export interface TerminalSession {
  /** All that came, with its escape codes. */
  readonly received: () => string;
  /** Presses keys as a person would: `\u0003` is Ctrl-C. */
  press(keys: string): void;
  /** Resolves once that much has come; rejects when the command ends without. */
  waitFor(text: string | RegExp): Promise<void>;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  /** The lines on the screen and above, each as its cells: a wide character fills one and leaves the next empty. */
  rows(): Promise<readonly (readonly string[])[]>;
}

export interface TerminalSize {
  readonly columns: number;
  readonly env?: Readonly<Record<string, string>>;
}

const ROWS = 50;

/** `command` is for a shell. */
export function startInTerminal(command: string, { columns, env = {} }: TerminalSize): TerminalSession {
  const sized = `stty cols ${columns} rows ${ROWS} && ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--command', sized, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
  });
  // The proposed part of its API is the one that Unicode versions are chosen by
  const screen = new Terminal({ cols: columns, rows: ROWS, scrollback: 10_000, allowProposedApi: true });
  screen.loadAddon(new Unicode11Addon());
  screen.unicode.activeVersion = '11';
  let received = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    received += text;
    screen.write(text);
    for (const look of waiting) look();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    received: () => received,
    press: (keys) => child.stdin.write(keys),
    waitFor(text) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (!(typeof text === 'string' ? received.includes(text) : text.test(received))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        ended.then(() => reject(new Error(`"${text}" never came, but: ${received}`)));
      });
    },
    ended,
    async rows() {
      await ended;
      await new Promise<void>((resolve) => screen.write('', resolve));
      const buffer = screen.buffer.active;
      const lines = Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row));
      return lines.map((line) =>
        Array.from({ length: columns }, (_, column) => line?.getCell(column)?.getChars() ?? ''),
      );
    },
  };
}
