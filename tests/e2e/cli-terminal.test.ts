// The built command in a real terminal: what a person sees, the keys they press, and readers that go away early.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kith, kithCommandLine, linesOf, recordsOf } from '../support/kith-command.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { hasTerminal, startInTerminal } from '../support/terminal-session.ts';

// Each test starts several processes, which load the models
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ESCAPE_CODE = '\u001b[';

const NAMES: readonly FaceName[] = ['ann', 'bob', 'cleo', 'dan'];
const PHOTOS_EACH = 4;
const PHOTOS = NAMES.length * PHOTOS_EACH;
/** As wide as they look, and read from either side. */
const WIDE_NAMES = ['李小龙', 'カタカナ', '한국어', 'محمد علي', 'שרה', 'Zoe\u0308', '🦊 Fox', 'Ann'];

let root: string;
let people: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-terminal-'));
  people = join(root, 'people');
  env = { KITH_DATA_DIR: join(root, 'data'), KITH_ENGINE_PROCESSES: '1' };
  for (const name of NAMES) {
    await mkdir(join(people, name), { recursive: true });
    const portrait = await portraitOf(name);
    for (let n = 0; n < PHOTOS_EACH; n++) {
      // Other bytes, the same face
      const photo = await sharp(portrait)
        .modulate({ brightness: 0.9 + 0.05 * n })
        .jpeg()
        .toBuffer();
      await writeFile(join(people, name, `${n}.jpg`), photo);
    }
  }
  const rows = WIDE_NAMES.map((name) => `${name},people/bob/0.jpg`);
  await writeFile(join(root, 'wide.csv'), ['person,file', ...rows, ''].join('\n'));
  const some = Array.from({ length: 8 }, (_, n) => `${NAMES[n % 2]},people/${NAMES[n % 2]}/${n >> 1}.jpg`);
  await writeFile(join(root, 'some.csv'), ['person,file', ...some, ''].join('\n'));
  const wide = await kith(['enrol', '-g', 'wide', '--csv', join(root, 'wide.csv')], { env });
  expect(wide).toMatchObject({ code: 0 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Shown {
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

function inTerminal(args: readonly string[], { columns = 80, env: extra = {} }: Shown = {}) {
  return startInTerminal(kithCommandLine(args), { columns, env: { ...env, ...extra } });
}

describe.skipIf(!hasTerminal)('in a terminal (skipped: needs script of util-linux)', () => {
  test('an import shows its progress; stopped by Ctrl-C, once or twice, it goes on and does nothing twice', async () => {
    const args = ['enrol', people, '--gallery', 'club', '--jobs', '1'];
    const hasty = inTerminal(args);
    await hasty.waitFor(' a second');
    hasty.press(CTRL_C);
    await hasty.waitFor('Finishing the photos under way');
    hasty.press(CTRL_C);
    expect(await hasty.ended).toBe(130);

    const stopped = inTerminal(args);
    await stopped.waitFor(' a second');
    stopped.press(CTRL_C);
    expect(await stopped.ended).toBe(130);
    expect(stopped.received()).toMatch(/█+░+ \d+ of 16 photos, .* a second/);
    expect(stopped.received()).toContain('\u001b[32mEnrolled ');
    const left = (await stopped.rows()).map((row) => row.join('').trimEnd()).filter((line) => line !== '');
    // The bar is gone, and the sentence is folded at the edge of the terminal
    expect(left.join('\n')).not.toMatch(/[█░]/);
    expect(left.join('\n')).toContain('Run the same command again');

    const whole = inTerminal(args);
    expect(await whole.ended).toBe(0);
    expect(whole.received()).toMatch(/were enrolled already/);
    const listed = recordsOf((await kith(['people', 'list', '-g', 'club', '--json'], { env })).stdout);
    expect(listed.map(({ name, faces }) => [name, faces]).sort()).toEqual(NAMES.map((name) => [name, PHOTOS_EACH]));
    const { stdout } = await kith(['audit', 'export'], { env });
    const enrolled = linesOf(stdout).filter(({ action, outcome }) => action === 'enrol' && outcome === 'done');
    expect(enrolled).toHaveLength(PHOTOS + WIDE_NAMES.length);
  });

  test.each([80, 56])('%i columns wide, names in any script leave the columns below each other', async (columns) => {
    const session = inTerminal(['people', 'list', '-g', 'wide'], { columns });
    expect(await session.ended).toBe(0);
    const rows = await session.rows();
    const head = rows.findIndex((row) => row.join('').startsWith('Name'));
    const photosAt = rows[head]?.join('').indexOf('Photos') ?? -1;
    const idAt = rows[head]?.join('').indexOf('Person id') ?? -1;
    const listed = rows.slice(head + 1).filter((row) => row.join('').trim() !== '');
    const withNumber = listed.filter((row) => row[photosAt] === '1');
    expect(withNumber).toHaveLength(WIDE_NAMES.length);
    for (const row of withNumber) {
      expect(
        row
          .slice(photosAt - 2, photosAt)
          .join('')
          .trim(),
      ).toBe('');
      expect(row.slice(idAt, idAt + 36).join('')).toMatch(/^[0-9a-f-]{36}$/);
    }
    const names = listed.map((row) => row.slice(0, photosAt).join('').trim()).join('|');
    for (const name of WIDE_NAMES) expect(names).toContain(name.normalize('NFC'));
  });

  test.each([
    [['idetify', 'x.jpg', '-g', 'wide'], /^kith: There is no "kith idetify"\. Did you mean kith identify\?$/],
    [['identify', 'x.jpg', '-g', 'wid'], /^kith: There is no gallery "wid"\. Did you mean wide\? There are: .*wide\.$/],
    [['add', 'people'], /^kith: There is no "kith add"; use kith enrol <folder> --gallery <gallery>/],
  ])('%j is answered with what was likely meant', async (args, sentence) => {
    const session = inTerminal(args, { columns: 140 });
    expect(await session.ended).toBe(2);
    const lines = (await session.rows()).map((row) => row.join('').trimEnd()).filter((line) => line !== '');
    expect(lines).toEqual([expect.stringMatching(sentence)]);
  });

  test('colour stands in a terminal, unless NO_COLOR or a dumb one says otherwise', async () => {
    const args = ['people', 'list', '-g', 'wide'];
    const shown = async (extra: Readonly<Record<string, string>>) => {
      const session = inTerminal(args, { env: extra });
      expect(await session.ended).toBe(0);
      return session.received();
    };
    expect(await shown({})).toContain(ESCAPE_CODE);
    for (const extra of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const plain = await shown(extra);
      expect(plain).not.toContain(ESCAPE_CODE);
      expect(plain).toContain('Ann');
    }
  });

  test('who erases is asked, with the count; anything but yes leaves everything', async () => {
    const ask = async (keys: string) => {
      const session = inTerminal(['people', 'erase', 'Ann', '-g', 'wide']);
      await session.waitFor('Type "yes"');
      session.press(keys);
      return { code: await session.ended, screen: session.received() };
    };
    const names = async () => {
      const { stdout } = await kith(['people', 'list', '-g', 'wide', '--json'], { env });
      return recordsOf(stdout).map(({ name }) => name);
    };
    const refused = await ask('y\r');
    expect(refused).toMatchObject({
      code: 2,
      screen: expect.stringContaining('This erases Ann with 1 photo for good.'),
    });
    expect(refused.screen).toContain('Nothing was done.');
    for (const [keys, code] of [
      [CTRL_C, 130],
      [CTRL_D, 2],
    ] as const) {
      const left = await ask(keys);
      expect(left).toMatchObject({ code, screen: expect.stringContaining('Nothing was done.') });
      expect(left.screen).not.toMatch(/went wrong|Abort/);
    }
    expect(await ask('yes\r')).toMatchObject({ code: 0, screen: expect.stringContaining('Erased Ann') });
    expect(await names()).not.toContain('Ann');
  });
});

describe('without a terminal', () => {
  /** Through a shell, whose exit code is told on a stream that stays open. */
  async function inShell(script: string) {
    const child = spawn('sh', ['-c', script], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Apart, as which of two pipes is read first is a matter of luck
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    }
    await once(child, 'close');
    return said;
  }

  test('a reader that has seen enough is no error; an import cut off so goes on, in lines without colour or a bar', async () => {
    const list = kithCommandLine(['people', 'list', '-g', 'wide', '--json']);
    expect(await inShell(`{ ${list}; echo "code $?" >&2; } | head -n 0`)).toEqual({ stdout: '', stderr: 'code 141\n' });
    const args = ['enrol', '-g', 'cut-off', '--csv', join(root, 'some.csv')];
    const said = await inShell(
      `{ ${kithCommandLine([...args, '--json', '--quiet'])}; echo "code $?" >&2; } | head -n 1`,
    );
    expect(said).toEqual({ stdout: expect.stringMatching(/^\{"type":"enrolled".*\}\n$/), stderr: 'code 141\n' });
    const { code, stdout, stderr } = await kith(args, { env });
    expect(code).toBe(0);
    const [, enrolled] = /^Enrolled (\d+) photos? of/m.exec(stdout) ?? [];
    const [, already] = /^(\d+) photos? (?:was|were) enrolled already/m.exec(stdout) ?? [];
    expect(Number(already)).toBeGreaterThan(0);
    expect(Number(enrolled) + Number(already)).toBe(8);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what must not be there
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f█░]/);
  });

  test('nobody to tell the notes to stops nothing', async () => {
    const failing = kithCommandLine(['people', 'show', 'Nobody', '-g', 'wide']);
    const said = await inShell(`{ { ${failing}; echo "code $?" >&3; } 2>&1 | head -n 0; } 3>&1`);
    expect(said).toEqual({ stdout: 'code 2\n', stderr: '' });
  });
});
