// A backup is taken while the service runs, opens only with its key, is checked whole, and brings back nobody who was
// erased since.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { type Headers, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isBackupPath, newManifest } from '../../src/backup/manifest.ts';
import { restoreBackup } from '../../src/backup/read-backup.ts';
import { loadConfig } from '../../src/config.ts';
import { type RunningService, runService } from '../../src/run-service.ts';
import { kith, recordsOf } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const KEY = 'a-key-for-this-test-alone-long-enough';
const PASSPHRASE = 'correct horse battery staple';
let root: string;
let dataDir: string;
let env: Readonly<Record<string, string>>;
const service = () =>
  runService(
    loadConfig({ ...env, KITH_PORT: '0', KITH_LOG_LEVEL: 'silent', KITH_API_KEY: KEY, KITH_ENGINE_PROCESSES: '1' }),
    () => {},
  );

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-backup-'));
  dataDir = join(root, 'data');
  env = { KITH_DATA_DIR: dataDir };
  await writeFile(join(root, 'passphrase'), `${PASSPHRASE}\n`);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function call({ url }: RunningService, method: string, path: string, body?: object | Buffer) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(`${url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${KEY}`,
      ...(body ? { 'content-type': isPhoto ? 'image/jpeg' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

async function enrol(running: RunningService, name: string, who: 'ann' | 'bob'): Promise<string> {
  const { personId } = await call(running, 'POST', '/galleries/club/people', { name });
  const faces = `/galleries/club/people/${personId}/faces?minQuality=low`;
  await call(running, 'POST', faces, await portraitOf(who));
  return personId;
}

const named = async (running: RunningService, who: 'ann' | 'bob') =>
  (await call(running, 'POST', '/identify?gallery=club', await portraitOf(who))).faces[0].candidates[0]?.name;

test('taken of a running service, sealed to a public key, put back: everybody is there but who was erased since', async () => {
  const backup = join(root, 'monday.age');
  const identity = join(root, 'backup.key');
  const made = await kith(['identity', identity]);
  expect(made.stdout).toMatch(/^age1[0-9a-z]+\n$/);
  expect((await stat(identity)).mode & 0o777).toBe(0o600);

  const first = await service();
  let ann: string;
  try {
    await call(first, 'PUT', '/galleries/club', { keepPhotos: true });
    ann = await enrol(first, 'Canary Ann', 'ann');
    await enrol(first, 'Canary Bob', 'bob');
    expect((await call(first, 'GET', '/status')).lastBackup).toBeUndefined();
    const taken = await kith(['backup', '--to', backup, '--recipient', made.stdout.trim(), '--json'], { env });
    expect(taken).toMatchObject({ code: 0, stderr: '' });
    expect(recordsOf(taken.stdout)).toMatchObject([{ type: 'backup', files: expect.any(Number) }]);
    const { lastBackup, freeDiskBytes } = await call(first, 'GET', '/status');
    expect(freeDiskBytes).toBeGreaterThan(0);
    expect(lastBackup).toEqual({ finishedAt: expect.any(String), bytes: expect.any(Number) });
    expect(Math.abs(Date.now() - Date.parse(lastBackup.finishedAt))).toBeLessThan(60_000);
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    expect((await readFile(backup)).includes('Canary')).toBe(false);
    expect((await readdir(root)).filter((name) => name.includes('partial'))).toEqual([]);
    expect((await kith(['backup', '--to', backup, '--recipient', made.stdout.trim()], { env })).stderr).toContain(
      'is there already',
    );
    await call(first, 'DELETE', `/galleries/club/people/${ann}`);
    const running = await kith(['restore', backup, '--identity-file', identity, '--yes'], { env });
    expect(running.stderr).toContain('stop it first');
  } finally {
    await first.stop();
  }

  expect((await kith(['restore', backup, '--identity-file', identity], { env })).stderr).toContain('add --yes');
  const other = join(root, 'other.key');
  await kith(['identity', other]);
  const wrong = await kith(['restore', backup, '--identity-file', other, '--yes'], { env });
  expect(wrong.stderr).toContain('It does not open');
  const restored = await kith(['restore', backup, '--identity-file', identity, '--yes', '--json'], { env });
  expect(restored.code, restored.stderr).toBe(0);
  expect((await kith(['audit', 'verify'], { env })).code).toBe(0);
  const second = await service();
  try {
    expect(await named(second, 'bob')).toBe('Canary Bob');
    expect(await named(second, 'ann')).toBeUndefined();
    expect(await call(second, 'GET', '/galleries/club')).toMatchObject({ people: 1, faces: 1 });
  } finally {
    await second.stop();
  }
});

test('a passphrase opens it on another machine, and only that one; a short one is refused', async () => {
  const backup = join(root, 'phrase.age');
  const elsewhere = { KITH_DATA_DIR: join(root, 'elsewhere') };
  const phrase = ['--passphrase-file', join(root, 'passphrase')];
  expect((await kith(['backup', '--to', backup, ...phrase], { env })).code).toBe(0);
  await writeFile(join(root, 'short'), 'short');
  expect((await kith(['restore', backup, '--passphrase-file', join(root, 'short')], { env: elsewhere })).code).toBe(2);
  await writeFile(join(root, 'another'), 'another phrase altogether');
  const wrong = await kith(['restore', backup, '--passphrase-file', join(root, 'another')], { env: elsewhere });
  expect(wrong.stderr).toContain('It does not open');
  expect(await stat(elsewhere.KITH_DATA_DIR).catch(() => undefined)).toBeUndefined();
  const restored = await kith(['restore', backup, ...phrase], { env: elsewhere });
  expect(restored.code, restored.stderr).toBe(0);
  const people = await kith(['people', 'list', '-g', 'club', '--json'], { env: elsewhere });
  expect(recordsOf(people.stdout)).toMatchObject([{ name: 'Canary Bob' }]);
});

describe('what is refused, with nothing touched', () => {
  const refuse = async (bytes: Uint8Array, words: RegExp) => {
    const from = join(root, `bad-${randomBytes(4).toString('hex')}.age`);
    await writeFile(from, bytes);
    const target = join(root, 'untouched');
    await mkdir(target, { recursive: true });
    await writeFile(join(target, 'kith.db'), 'what was there');
    const restoring = restoreBackup({ from, key: { passphrase: PASSPHRASE }, dataDir: target, nowMs: Date.now() });
    await expect(restoring).rejects.toThrow(words);
    expect(await readFile(join(target, 'kith.db'), 'utf8')).toBe('what was there');
    expect((await readdir(root)).filter((name) => name.startsWith('untouched.'))).toEqual([]);
  };

  interface Entry {
    readonly header: Headers;
    readonly content?: string;
  }

  /** Sealed as a backup is, with whatever is in it. */
  async function sealed(entries: readonly Entry[]): Promise<Uint8Array> {
    const archive = pack();
    for (const { header, content } of entries) archive.entry(header, content ?? '');
    archive.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) chunks.push(chunk);
    const encrypter = new Encrypter();
    encrypter.setPassphrase(PASSPHRASE);
    // Quick: what guards a passphrase in earnest is not what is tested here
    encrypter.setScryptWorkFactor(2);
    return encrypter.encrypt(Buffer.concat(chunks));
  }

  const fileOf = (path: string, content = 'x') => ({
    path,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  });
  const NEEDED = [fileOf('kith.db'), fileOf('master.key')];
  const listing = (files: readonly ReturnType<typeof fileOf>[]): Entry => ({
    header: { name: 'manifest.json' },
    content: JSON.stringify(newManifest('0', 0, files)),
  });
  const plain = (name: string, content = 'x'): Entry => ({ header: { name }, content });
  const withListed = (...paths: string[]) => [
    listing([...NEEDED, ...paths.map((path) => fileOf(path))]),
    plain('kith.db'),
    plain('master.key'),
  ];

  test.each([
    '../outside',
    'audit/../../outside',
    '/etc/passwd',
    'audit//x',
    'C:\\windows\\x',
    'audit\\..\\x',
    'audit/./x',
    'models/.hidden',
    'other/x',
    'kith.db/x',
    'audit/a/b/c/d/e/f/g',
    'audit/nul\u0000l',
    'audit/línea',
    `audit/${'x'.repeat(200)}`,
    '',
  ])('a file called %j', async (path) => {
    expect(isBackupPath(path)).toBe(false);
    await refuse(await sealed([...withListed(path), plain('audit/x')]), /no backup holds/);
  });

  test.each([
    ['a symbolic link', { name: 'audit/x', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: 'audit/x', type: 'link', linkname: 'kith.db' }],
    ['a character device', { name: 'audit/x', type: 'character-device', devmajor: 1, devminor: 3 }],
    ['a block device', { name: 'audit/x', type: 'block-device', devmajor: 8, devminor: 0 }],
    ['a pipe', { name: 'audit/x', type: 'fifo' }],
    ['a folder', { name: 'audit', type: 'directory' }],
  ] as const)('%s', async (_what, header) => {
    await refuse(await sealed([...withListed('audit/x'), { header }]), /It holds a /);
  });

  test('a name twice, or twice but for the case of its letters', async () => {
    await refuse(await sealed(withListed('audit/a', 'audit/a')), /twice/);
    await refuse(await sealed(withListed('audit/a', 'audit/A')), /twice/);
  });

  test('an entry that is not listed, listed otherwise, or altered', async () => {
    await refuse(await sealed([...withListed(), plain('audit/more')]), /list of contents doesn't/);
    await refuse(await sealed([...withListed('audit/a'), plain('audit/a', 'longer')]), /list of contents doesn't/);
    await refuse(await sealed([...withListed('audit/a'), plain('audit/a', 'y')]), /not what was backed up/);
    await refuse(await sealed(withListed('audit/a')), /cut off/);
  });

  test('a list that promises more than the disk holds, or more files than any backup', async () => {
    const bomb = { ...fileOf('audit/bomb'), bytes: 2 ** 52 };
    await refuse(await sealed([listing([...NEEDED, bomb])]), /the disk has/);
    const many = Array.from({ length: 100_001 }, (_, i) => fileOf(`audit/${i}`));
    await refuse(await sealed([listing([...NEEDED, ...many])]), /list of contents/);
  });

  test('no list, another list, no database, a database that is none', async () => {
    await refuse(await sealed([plain('kith.db')]), /does not begin with its list/);
    await refuse(await sealed([plain('manifest.json', 'no json')]), /not readable/);
    await refuse(await sealed([plain('manifest.json', '{"format":2,"files":[]}')]), /newer one/);
    await refuse(await sealed([listing([fileOf('master.key')])]), /no kith.db/);
    await refuse(await sealed(withListed()), /database in it is none/);
  });

  test('one that is cut anywhere, or changed in a byte', async () => {
    const whole = await readFile(join(root, 'phrase.age'));
    for (const share of [0.1, 0.5, 0.9]) await refuse(whole.subarray(0, whole.length * share), /./);
    await refuse(whole.subarray(0, whole.length - 1), /cut off|changed/);
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1] = (flipped[whole.length >> 1] as number) ^ 1;
    await refuse(flipped, /cut off|changed/);
    await refuse(randomBytes(5000), /does not open/);
    await refuse(Buffer.alloc(0), /does not open/);
  });
});

test('two services never share a data directory', async () => {
  const running = await service();
  try {
    await expect(service()).rejects.toThrow(/another Kith serves/);
  } finally {
    await running.stop();
  }
  await (await service()).stop();
});
