import type { Composed } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { mayHoldData } from '../open-store.ts';
import type { ServiceClient } from './service/service-client.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  /** Standard output, for what is written byte for byte whatever the flags. */
  readonly output: NodeJS.WritableStream;
  /** Standard error, for a log. */
  readonly log: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The settings, read where they are needed: making a certificate must not ask for the one in KITH_TLS_CERT. */
  readonly loadConfig: () => Config;
  /** Where the work is to be done, with `--url`; only for commands that can. */
  readonly service?: ServiceClient;
}

/** The settings of the service, with what the command line says instead. */
export function configFor(
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly dataDir?: string },
): Config {
  return loadConfig(options.dataDir === undefined ? env : { ...env, KITH_DATA_DIR: options.dataDir });
}

/** Refuses to make an empty data directory where somebody only wanted to look something up. */
export function requireData(config: Config): void {
  if (mayHoldData(config)) return;
  throw new UsageError(
    `There is no data in ${config.dataDir}. Enrol somebody first (kith enrol), or name the folder with --data-dir or KITH_DATA_DIR.`,
  );
}

/** For what is done with the files of the embedded store. */
export function requireEmbedded({ storeUrl }: Config, instead: string): void {
  if (storeUrl !== undefined) throw new UsageError(`The data are in the database that KITH_STORE names: ${instead}`);
}

type Parts = typeof import('../compose.ts');
type Records = Awaited<ReturnType<Parts['openRecords']>>;
export type RecordsAndEngine = Awaited<ReturnType<Parts['composeWithoutIndex']>>;

/** Loaded where they are needed: neither --help nor what works through a service opens a data directory. */
export const loadParts = (): Promise<Parts> => import('../compose.ts');

/** What is stored, which has to be there; closed again whatever `work` does. */
export async function withRecords<T>(
  { loadConfig }: Pick<CommandContext, 'loadConfig'>,
  work: (deps: Records, config: Config) => Promise<T>,
): Promise<T> {
  const config = loadConfig();
  requireData(config);
  const { openRecords } = await loadParts();
  return closing(await openRecords(config, 'command-line'), (deps) => work(deps, config));
}

/** The same with eyes, for what reads photos or asks by which model. */
export async function withRecordsAndEngine<T>(
  { loadConfig }: Pick<CommandContext, 'loadConfig'>,
  work: (deps: RecordsAndEngine, config: Config) => Promise<T>,
): Promise<T> {
  const config = loadConfig();
  requireData(config);
  const { composeWithoutIndex } = await loadParts();
  return closing(await composeWithoutIndex(config, 'command-line'), (deps) => work(deps, config));
}

/** The same with which models there are, and none loaded. */
export async function withRecordsAndPacks<T>(
  { loadConfig }: Pick<CommandContext, 'loadConfig'>,
  work: (deps: Awaited<ReturnType<Parts['openRecordsAndPacks']>>) => Promise<T>,
): Promise<T> {
  const config = loadConfig();
  requireData(config);
  const { openRecordsAndPacks } = await loadParts();
  return closing(await openRecordsAndPacks(config, 'command-line'), work);
}

/** Everything open, for searching; closed again whatever `work` does. */
export async function withEverything<T>(
  context: CommandContext,
  options: { readonly photosAtOnce: number },
  work: (deps: Composed, config: Config) => Promise<T>,
): Promise<T> {
  const config = withProcesses(context.loadConfig(), options.photosAtOnce);
  requireData(config);
  let unreadable = 0;
  const { compose } = await loadParts();
  const deps = await compose(config, {
    part: 'command-line',
    onIndexProgress: (rows) => {
      if (rows % 100_000 === 0) context.terminal.note(`Reading the galleries: ${rows} templates so far`);
    },
    onUnreadable: () => unreadable++,
  });
  if (unreadable > 0) {
    context.terminal.note(`${unreadable} templates can't be opened and are left out of the search.`);
  }
  return closing(deps, (open) => work(open, config));
}

/** No more processes than there are photos: each takes a moment to start. */
export function withProcesses(config: Config, photosAtOnce: number): Config {
  return { ...config, engineProcesses: Math.max(1, Math.min(config.engineProcesses, photosAtOnce)) };
}

export async function closing<D extends { close(): Promise<void> }, T>(
  deps: D,
  work: (deps: D) => Promise<T>,
): Promise<T> {
  try {
    return await work(deps);
  } finally {
    await deps.close();
  }
}
