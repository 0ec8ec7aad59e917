// The command line working through a service, over TLS: the same commands, the same answers. The import runs as it was
// built, the others in this process, which spares the start of one for each.
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type JsonRecord, kith, recordsOf } from '../support/kith-command.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';
import { runHere } from '../support/run-cli.ts';
import { startSecureService, type TestService } from '../support/service.ts';

// Each test starts several processes, some of which load the models
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let root: string;
let service: TestService;
let wire: Wire;
let remote: readonly string[];
let local: Readonly<Record<string, string>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-remote-'));
  const secure = await startSecureService();
  service = secure.service;
  wire = await startWire(new URL(service.url));
  await writeFile(join(root, 'ca.pem'), secure.ca);
  await writeFile(join(root, 'key'), `${service.key}\n`, { mode: 0o600 });
  remote = ['--url', wire.url, '--key-file', join(root, 'key'), '--ca', join(root, 'ca.pem')];
  local = { KITH_DATA_DIR: join(root, 'data') };
  const people: Readonly<Record<string, readonly FaceName[]>> = { Ann: ['ann'], 'Bo/b': [], 'Cléo 李': ['cleo'] };
  for (const [name, faces] of Object.entries(people)) {
    for (const face of faces) {
      await mkdir(join(root, 'people', name), { recursive: true });
      await writeFile(join(root, 'people', name, `${face}.jpg`), await portraitOf(face));
    }
  }
  await writeFile(join(root, 'people', 'Ann', 'group.jpg'), samplePhoto(1));
  await writeFile(join(root, 'people', 'Ann', 'text.jpg'), 'not a photo, whatever its name says');
  await writeFile(join(root, 'party.jpg'), samplePhoto(3));
  await writeFile(join(root, 'ann.jpg'), await portraitOf('ann'));
  await writeFile(join(root, 'elsewhere.jpg'), await portraitOf('annElsewhere'));
});
afterAll(async () => {
  wire?.server.close();
  await service?.stop();
  await rm(root, { recursive: true, force: true });
});

interface Wire {
  readonly server: Server;
  readonly url: string;
  /** Bytes that went to the service. */
  sent(): number;
}

/** Between the command and the service, to count what is sent. */
async function startWire({ hostname, port }: URL): Promise<Wire> {
  let sent = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    client.on('data', (piece) => {
      sent += piece.length;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent };
}

/** Wherever it may have been written. */
function withoutKey<R extends { readonly stdout: string; readonly stderr: string }>(result: R): R {
  expect(result.stdout + result.stderr).not.toContain(service.key);
  return result;
}
const builtThere = async (...args: string[]) => withoutKey(await kith([...args, ...remote], { env: local }));
const there = async (...args: string[]) => withoutKey(await runHere([...args, ...remote], local));
async function run(...args: string[]): Promise<JsonRecord[]> {
  const { code, stdout, stderr } = await there(...args, '--json');
  if (code !== 0) throw new Error(`kith ${args.join(' ')}: ${stderr}`);
  return recordsOf(stdout);
}
const ofType = (records: readonly JsonRecord[], type: string) => records.filter((record) => record.type === type);

test('people are imported, made with their gallery; what is refused is refused as here; again, nothing is sent', async () => {
  const args = ['enrol', join(root, 'people'), '-g', 'club', '--json'];
  const first = await builtThere(...args);
  const here = await kith(args, { env: local });
  expect(first.code).toBe(1);
  expect(first.stderr).toContain('Made the gallery "club"');
  const told = (stdout: string) =>
    recordsOf(stdout)
      .filter(({ type }) => type !== 'summary')
      .map(({ type, file, person, reason, message, quality, sourceHash }) => ({
        ...{ type, file, person, reason, message, quality, sourceHash },
      }))
      .sort((a, b) => String(a.file).localeCompare(String(b.file)));
  expect(told(first.stdout)).toEqual(told(here.stdout));
  expect(recordsOf(first.stdout).at(-1)).toMatchObject({ enrolled: 2, refused: 2, people: 2, trained: true });

  const before = wire.sent();
  const again = await there(...args);
  expect(recordsOf(again.stdout).at(-1)).toMatchObject({ enrolled: 0, alreadyEnrolled: 2, refused: 2 });
  // The refused photos go again, as they are not known; the others stay here
  const refusedBytes = samplePhoto(1).length;
  expect(wire.sent() - before).toBeLessThan(refusedBytes + 40_000);
  expect((await run('people', 'list', '-g', 'club')).map(({ name, faces }) => [name, faces]).sort()).toEqual([
    ['Ann', 1],
    ['Cléo 李', 1],
  ]);
});

test('photos are looked at, compared, searched and grouped as on the data directory', async () => {
  const party = join(root, 'party.jpg');
  const pair = [join(root, 'ann.jpg'), join(root, 'elsewhere.jpg')];
  /** What both tell; ids are made anew on each side. */
  const plain = (records: readonly JsonRecord[]) =>
    JSON.parse(
      JSON.stringify(records, (key, value) => {
        if (['personId', 'faceId', 'detectorScore', 'pose', 'blur', 'exposure', 'seconds'].includes(key))
          return undefined;
        return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
      }),
    );
  for (const args of [
    ['identify', party, '-g', 'club', '--threshold', '0'],
    ['verify', ...pair],
  ]) {
    const here = await kith([...args, '--json'], { env: local });
    expect(here.code).toBe(0);
    expect(plain(await run(...args))).toEqual(plain(recordsOf(here.stdout)));
  }
  const quality = { level: expect.any(String), reasons: expect.any(Array) };
  expect(await run('detect', ...pair)).toMatchObject(
    pair.map((file) => ({ type: 'photo', file, faces: [{ quality }] })),
  );
  const cleo = join(root, 'people', 'Cléo 李', 'cleo.jpg');
  const groups = await run('group', ...pair, cleo);
  expect(groups.map(({ faces }) => (faces as JsonRecord[]).map(({ file }) => file).sort())).toEqual([pair, [cleo]]);
  const refused = await there('verify', join(root, 'ann.jpg'), party, '--json');
  expect(refused.code).toBe(2);
  expect(recordsOf(refused.stdout)).toMatchObject([{ type: 'refused', file: party, reason: 'several-faces' }]);
  expect(recordsOf(refused.stdout)[0]?.message).not.toContain('"other"');
});

test('figures of a gallery are those of the data directory', async () => {
  const [stats] = await run('gallery', 'stats', 'club');
  const here = await kith(['gallery', 'stats', 'club', '--json'], { env: local });
  expect(recordsOf(here.stdout)).toEqual([stats]);
  const none = await there('gallery', 'stats', 'none');
  expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('There is no gallery "none"') });
  for (const args of [
    ['gallery', 'stats', 'clubb'],
    ['people', 'list', '-g', 'clubb'],
    ['identify', join(root, 'party.jpg'), '-g', 'clubb'],
    ['duplicates', '-g', 'clubb'],
  ]) {
    const misspelt = await there(...args);
    expect(misspelt, args.join(' ')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'kith: There is no gallery "clubb". Did you mean club? There are: club.\n',
    });
  }
});

test('people and their consent are kept in order', async () => {
  const terms = ['--method', 'on paper', '--text', join(root, 'ca.pem'), '--until', '2099-01-01'];
  await run('consent', 'give', 'Dora', '-g', 'club', '--new', ...terms);
  expect(await run('consent', 'list', '--due', '2099-12-31')).toMatchObject([{ name: 'Dora', state: 'given' }]);
  await run('people', 'rename', 'Dora', 'Dörte', '-g', 'club');
  const merge = ['people', 'merge', 'Dörte', 'Ann', '-g', 'club'];
  expect(await there(...merge)).toMatchObject({ code: 2, stderr: expect.stringMatching(/Dörte with 0 photos.*--yes/) });
  const [merged] = await run(...merge, '--yes');
  const [shown] = await run('people', 'show', 'Ann', '-g', 'club');
  expect(shown).toMatchObject({ merges: [{ mergeId: merged?.mergeId, fromName: 'Dörte' }], faces: [{}] });
  await run('people', 'unmerge', String(merged?.mergeId), '-g', 'club');
  await run('consent', 'withdraw', 'Dörte', '-g', 'club');
  expect(await run('consent', 'list', '--due', '2099-12-31')).toEqual([]);
  const [face] = (shown?.faces ?? []) as { faceId: string }[];
  await run('people', 'split', 'Ann', '--faces', face?.faceId ?? '', '--as', 'Eva', '-g', 'club');

  const unasked = await there('people', 'erase', 'Eva', '-g', 'club');
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringMatching(/erases Eva with 1 photo.*--yes/) });
  const [erased] = await run('people', 'erase', 'Eva', '-g', 'club', '--yes');
  expect(erased).toMatchObject({ receipt: { removed: { templates: 1 } }, signature: { algorithm: 'Ed25519' } });
  const gone = await there('people', 'show', 'Eva', '-g', 'club');
  expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody called "Eva"') });
});

test('galleries are made, changed, searched for duplicates and erased', async () => {
  await run('gallery', 'create', 'second', '--consent-policy', 'required');
  await run('gallery', 'set', 'second', '--target-fpir', '0.001', '--name', 'The second');
  const list = join(root, 'second.csv');
  const rows = [
    'person,file,consent_method,consent_text',
    'Ann,ann.jpg,on paper,ca.pem',
    'Anna,elsewhere.jpg',
    'Anna,,told,ca.pem',
  ];
  await writeFile(list, rows.join('\n'));
  const imported = await run('enrol', '-g', 'second', '--csv', list, '--min-quality', 'low');
  expect(ofType(imported, 'consent-given')).toHaveLength(2);
  expect(imported.at(-1)).toMatchObject({ enrolled: 2, consents: 2 });
  const again = await run('enrol', '-g', 'second', '--csv', list, '--min-quality', 'low');
  expect(again.at(-1)).toMatchObject({ enrolled: 0, alreadyEnrolled: 2, consents: 0 });
  expect(await run('duplicates', '-g', 'second')).toMatchObject([
    { type: 'duplicate', people: [{}, {}] },
    { type: 'summary', pairs: 1, interrupted: false },
  ]);
  expect(await run('duplicates', 'dismiss', 'Ann', 'Anna', '-g', 'second')).toMatchObject([{ type: 'pair-dismissed' }]);
  expect(await run('duplicates', '-g', 'second')).toMatchObject([{ type: 'summary', pairs: 0 }]);
  const [dismissed, ...others] = await run('duplicates', 'dismissed', '-g', 'second');
  expect([dismissed?.type, others]).toEqual(['dismissed-pair', []]);
  // The two of a pair are in the order of their ids
  expect(((dismissed?.people ?? []) as JsonRecord[]).map(({ person }) => person).sort()).toEqual(['Ann', 'Anna']);
  expect(await run('duplicates', 'undismiss', 'Anna', 'Ann', '-g', 'second')).toMatchObject([
    { type: 'pair-undismissed' },
  ]);
  expect(await run('duplicates', 'find', '-g', 'second')).toMatchObject([{ type: 'duplicate' }, { pairs: 1 }]);
  expect(await run('duplicates', 'dismissed', '-g', 'second')).toEqual([]);
  const listed = await run('gallery', 'list');
  expect(listed).toContainEqual(
    expect.objectContaining({ galleryId: 'second', name: 'The second', people: 2, faces: 2 }),
  );
  expect(await run('gallery', 'retention', 'second', '--dry-run')).toEqual([]);
  const [stats] = await run('gallery', 'stats', 'second');
  expect(stats).toMatchObject({ kind: 'large-person', people: 2, faces: 2, targetFpir: 0.001, model: 'fast' });
  expect((await there('gallery', 'stats', 'second')).stdout).toMatch(
    /2 people, 2 photos.*\n.*\nNamed from a score of 0\./,
  );
  const [erased] = await run('gallery', 'delete', 'second', '--yes');
  expect(erased).toMatchObject({ people: 2, faces: 2, receipt: {} });
});

test('keys are made, listed, replaced and ended', async () => {
  const [made] = await run('keys', 'create', '--label', 'desk', '--permission', 'search', '--gallery', 'club');
  const keyId = String(made?.keyId);
  const [second] = await run('keys', 'rotate', keyId);
  expect(second).toMatchObject({ insteadOf: keyId, key: expect.stringMatching(/^kith_/) });
  const listed = await run('keys', 'list');
  expect(listed.filter(({ label }) => label === 'desk')).toMatchObject([
    { permissions: ['search'], galleries: ['club'] },
    { permissions: ['search'], galleries: ['club'] },
  ]);
  const asked = await there('keys', 'revoke', keyId);
  expect(asked).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/ends the key "desk" \(search\), 1 of 3.*--yes/),
  });
  await run('keys', 'revoke', keyId, '--yes');
  for (const args of [
    ['revoke', keyId, '--yes'],
    ['rotate', keyId],
  ]) {
    expect(await there('keys', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no key') });
  }
  const labelled = await there('keys', 'create', '--label', 'x'.repeat(101));
  expect(labelled).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('label') });
  expect((await run('keys', 'list')).filter(({ label }) => label !== 'test')).toMatchObject([{ label: 'desk' }]);
});

test('a stranger’s certificate, a key that is not known, and one that may not', async () => {
  const [, url = '', , keyFile = ''] = remote;
  const before = wire.sent();
  const untrusted = await kith(['people', 'list', '-g', 'club', '--url', url, '--key-file', keyFile], { env: local });
  expect(untrusted).toMatchObject({ code: 2, stderr: expect.stringContaining('--ca') });
  // A greeting went out, and no request
  expect(wire.sent() - before).toBeLessThan(2000);

  const keyed = async (key: string, ...args: string[]) => {
    const path = join(root, 'other-key');
    await writeFile(path, key, { mode: 0o600 });
    return runHere([...args, '--url', url, '--key-file', path, '--ca', join(root, 'ca.pem')], local);
  };
  expect(await keyed('kith_nobody', 'people', 'list', '-g', 'club')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'kith: The service does not know this key: it was revoked, or belongs to another service.\n',
  });
  const { key } = await service.deps.keys.create({ tenantId: 'home', label: 'desk', permissions: ['search'] });
  expect(await keyed(key, 'people', 'list', '-g', 'club')).toMatchObject({ code: 0 });
  const denied = await keyed(key, 'enrol', join(root, 'people'), '-g', 'club');
  expect(denied).toMatchObject({ code: 2, stderr: expect.stringContaining('permission "enrol"') });
  const islanders = await service.deps.keys.create({ tenantId: 'elsewhere', label: 'x', permissions: ['admin'] });
  const elsewhere = await keyed(islanders.key, 'identify', join(root, 'party.jpg'), '-g', 'club');
  expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no gallery "club"') });
});
