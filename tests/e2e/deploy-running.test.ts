// The built service under the conditions of the container: no root, no capability, nothing writable but its data directory.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/built-service.ts';
import { ROOT } from '../support/deploy-files.ts';
import { kith } from '../support/kith-command.ts';
import { kithHttp } from '../support/kith-http.ts';
import { portraitOf } from '../support/photos.ts';

const KEY = 'a-key-for-a-container-that-is-long-enough';
const USER = 1000;
const MAIN = join(ROOT, 'dist/main.js');
const HEALTHCHECK = join(ROOT, 'deploy/healthcheck.mjs');
const AS_USER = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups'];

/** A mount of its own is root's to make; and the checkout must be readable by others than root. */
const canContain =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '-o', 'remount,bind,ro', '/']).status === 0 &&
  spawnSync('setpriv', [...AS_USER, process.execPath, '-e', `require('node:fs').readFileSync('${MAIN}')`]).status === 0;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-container-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Variables = Readonly<Record<string, string>>;

function healthOf(variables: Variables): Promise<number> {
  return new Promise((resolve) => {
    const asked = execFile(process.execPath, [HEALTHCHECK], { env: { ...variables } });
    asked.once('exit', (code) => resolve(code ?? -1));
  });
}

async function untilItListens(child: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        said += text;
        if (said.includes('Kith listens')) resolve();
      });
    }
    child.once('close', (code) => reject(new Error(`it did not start (${code}): ${said}`)));
  });
}

async function stop(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'close');
  return child.exitCode;
}

/** The folder stays writable, all else that is mounted at / does not. */
const CONTAIN = `
  mount --bind "$FOLDER" "$FOLDER"
  mount -o remount,bind,ro /
  if touch "$(dirname "$FOLDER")/.writable" 2>/dev/null; then echo 'the root can be written'; exit 1; fi
  exec setpriv ${AS_USER.join(' ')} --inh-caps=-all --bounding-set=-all --no-new-privs "$@"`;

describe.skipIf(!canContain)('in a container (skipped where this test may make no mounts)', () => {
  test('it serves with a root that can only be read, and writes nothing for others to read', async () => {
    await chown(folder, USER, USER);
    await chmod(folder, 0o700);
    const port = await freePort();
    const variables = {
      KITH_PORT: String(port),
      KITH_HOST: '0.0.0.0',
      KITH_ALLOW_PLAIN_HTTP: 'true',
      KITH_DATA_DIR: join(folder, 'data'),
      KITH_API_KEY: KEY,
      KITH_ENGINE_PROCESSES: '1',
      KITH_LOG_LEVEL: 'silent',
    };
    expect(await healthOf(variables)).toBe(1);
    const contained = ['--mount', 'sh', '-ec', CONTAIN, 'contain', process.execPath, MAIN];
    const child = spawn('unshare', contained, { env: { ...variables, PATH: process.env.PATH, FOLDER: folder } });
    await untilItListens(child);
    expect(await healthOf(variables)).toBe(0);

    const { call } = kithHttp({ url: `http://127.0.0.1:${port}`, key: KEY });
    await call('PUT', '/galleries/club', {});
    const { personId } = (await call('POST', '/galleries/club/people', { name: 'Ann' })).body;
    const enrolled = await call('POST', `/galleries/club/people/${personId}/faces`, await portraitOf('ann'));
    expect(enrolled.status).toBe(201);
    const seen = await call('POST', '/identify?gallery=club', await portraitOf('annElsewhere'));
    expect(seen.body.faces[0].candidates[0].personId).toBe(personId);

    expect(await stop(child)).toBe(0);
    expect(await healthOf(variables)).toBe(1);
    const dataDir = await stat(join(folder, 'data'));
    expect([dataDir.uid, dataDir.mode & 0o777]).toEqual([USER, 0o700]);
    expect(await readdir(folder)).toEqual(['data']);
  });
});

test('the health check asks over TLS where the service speaks it, whatever name the certificate has', async () => {
  const tls = join(folder, 'tls');
  expect((await kith(['cert', '--out', tls, '--host', 'kith.example.org'])).code).toBe(0);
  const port = await freePort();
  const variables = {
    KITH_PORT: String(port),
    KITH_DATA_DIR: join(folder, 'with-tls'),
    KITH_API_KEY: KEY,
    KITH_ENGINE_PROCESSES: '1',
    KITH_TLS_CERT: join(tls, 'kith-server.pem'),
    KITH_TLS_KEY: join(tls, 'kith-server-key.pem'),
    KITH_LOG_LEVEL: 'silent',
  };
  const child = spawn(process.execPath, [MAIN], { env: { ...variables, PATH: process.env.PATH } });
  await untilItListens(child);
  expect(await healthOf(variables)).toBe(0);
  const { KITH_TLS_CERT: _cert, ...asIfPlain } = variables;
  expect(await healthOf(asIfPlain)).toBe(1);
  expect(await stop(child)).toBe(0);
});
