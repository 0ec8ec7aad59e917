// A PostgreSQL of a test's own, which it may restart, replicate and fail over without disturbing other files.
import { execFile } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './built-service.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../scripts/postgres-test.sh', import.meta.url));

/** The superuser's URL of the server all files share; undefined where no server was started. */
export const SHARED_POSTGRES = process.env.KITH_TEST_POSTGRES;
export const WITHOUT_POSTGRES = 'skipped without KITH_TEST_POSTGRES: npm run test:postgres';

/** The ways of pg_ctl: fast ends the sessions and writes a checkpoint; immediate is what a crash leaves. */
type StopMode = 'fast' | 'immediate';

export interface PostgresServer {
  /** Of the superuser, database postgres. */
  readonly url: string;
  readonly dataDir: string;
  halt(mode: StopMode): Promise<void>;
  resume(): Promise<void>;
  /** A streaming standby under this application name, caught up when it answers. */
  addStandby(name: string): Promise<PostgresServer>;
  promote(): Promise<void>;
  /** Stops it and its standbys and removes them. */
  remove(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  const { stdout } = await run(SCRIPT, ['start']);
  const variables = new Map([...stdout.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const url = variables.get('KITH_TEST_POSTGRES');
  const home = variables.get('KITH_TEST_POSTGRES_HOME');
  const bin = variables.get('KITH_TEST_POSTGRES_BIN');
  if (url === undefined || home === undefined || bin === undefined) throw new Error(`no server was named: ${stdout}`);
  return serverOf({ url, home, bin, dataDir: join(home, 'data') });
}

interface Place {
  readonly url: string;
  readonly home: string;
  readonly bin: string;
  readonly dataDir: string;
}

function serverOf(place: Place): PostgresServer {
  const control = (...args: readonly string[]) =>
    asServer(place, 'pg_ctl', ['-D', place.dataDir, '-l', `${place.dataDir}.log`, '-w', ...args]);
  return {
    url: place.url,
    dataDir: place.dataDir,
    halt: (mode) => control('stop', '-m', mode),
    resume: () => control('start'),
    addStandby: (name) => addStandby(place, name),
    promote: () => control('promote'),
    remove: async () => {
      await run(SCRIPT, ['stop', place.home]);
    },
  };
}

async function addStandby(primary: Place, name: string): Promise<PostgresServer> {
  const dataDir = join(primary.home, name);
  const url = new URL(primary.url);
  const source = `${primary.url}?application_name=${name}`;
  await asServer(primary, 'pg_basebackup', ['-D', dataDir, '-d', source, '-R', '-X', 'stream', '-c', 'fast']);
  url.port = String(await freePort());
  const standby = { ...primary, url: url.href, dataDir };
  await appendFile(join(dataDir, 'postgresql.conf'), `port = ${url.port}\n`);
  const server = serverOf(standby);
  await server.resume();
  return server;
}

/** PostgreSQL's programs refuse root. */
async function asServer(place: Place, program: string, args: readonly string[]): Promise<void> {
  const command = [join(place.bin, program), ...args];
  const [file, ...rest] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  await run(file as string, rest, { cwd: place.home });
}
