import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { MIN_API_KEY_LENGTH } from './core/limits.ts';
import { parseHostRules } from './fetch/allowed-hosts.ts';
import { parseAddresses } from './store/postgres/addresses.ts';
import { MASTER_KEY_BYTES } from './vault/master-key.ts';

/** One setting: its variable, what it means, and how its text becomes a value. `parse` throws a sentence. */
interface Setting<T> {
  readonly variable: string;
  readonly meaning: string;
  /** Shown in the docs; the value itself when it doesn't depend on the machine. */
  readonly defaultText: string;
  readonly fallback: () => T;
  readonly parse: (text: string) => T;
}

const SETTINGS = {
  host: setting({
    variable: 'KITH_HOST',
    meaning: 'Address to listen on. Beyond loopback Kith wants TLS, or KITH_ALLOW_PLAIN_HTTP=true.',
    defaultText: '127.0.0.1',
    fallback: () => '127.0.0.1',
    parse: nonEmpty,
  }),
  port: setting({
    variable: 'KITH_PORT',
    meaning: 'Port to listen on; 0 takes a free one.',
    defaultText: '8484',
    fallback: () => 8484,
    parse: integer(0, 65_535),
  }),
  dataDir: setting({
    variable: 'KITH_DATA_DIR',
    meaning: 'Folder of the embedded store and the master key. Made when missing, readable by its owner only.',
    defaultText: './data',
    fallback: () => resolve('data'),
    parse: (text) => resolve(nonEmpty(text)),
  }),
  storeUrl: setting<string | undefined>({
    variable: 'KITH_STORE',
    meaning:
      'A PostgreSQL database that several nodes work on, in place of the embedded store: postgres://user:password@host:5432/database, hosts separated by commas where standbys may be promoted. Every node keeps its own log, and needs the same master key.',
    defaultText: 'the embedded store',
    fallback: () => undefined,
    parse: storeUrl,
  }),
  storePassword: setting<string | undefined>({
    variable: 'KITH_STORE_PASSWORD_FILE',
    meaning: 'File with the password of the user that KITH_STORE names, for those who keep it out of the environment.',
    defaultText: 'none',
    fallback: () => undefined,
    parse: passwordIn,
  }),
  apiKey: setting<string | undefined>({
    variable: 'KITH_API_KEY',
    meaning: `An admin key for automation, at least ${MIN_API_KEY_LENGTH} characters, valid while it is set. Without it the first start makes one and prints it once.`,
    defaultText: 'none',
    fallback: () => undefined,
    parse: (text) => {
      if (text.length < MIN_API_KEY_LENGTH) throw new Error(`needs at least ${MIN_API_KEY_LENGTH} characters`);
      return text;
    },
  }),
  masterKey: setting<Uint8Array | undefined>({
    variable: 'KITH_MASTER_KEY',
    meaning:
      'The master key itself, 32 bytes in base64 (`openssl rand -base64 32`), for those who keep it outside the data directory. Without it there is the file master.key in it.',
    defaultText: 'the file',
    fallback: () => undefined,
    parse: masterKey,
  }),
  previousMasterKey: setting<Uint8Array | undefined>({
    variable: 'KITH_PREVIOUS_MASTER_KEY',
    meaning:
      'The KITH_MASTER_KEY of before, while it is being replaced: the service seals anew what is still sealed under it, and says when this can be left out.',
    defaultText: 'none',
    fallback: () => undefined,
    parse: masterKey,
  }),
  masterKeyPath: setting<string | undefined>({
    variable: 'KITH_MASTER_KEY_FILE',
    meaning: 'Where the file with the master key is, or is to be made, when not in the data directory.',
    defaultText: 'master.key in the data directory',
    fallback: () => undefined,
    parse: (text) => resolve(nonEmpty(text)),
  }),
  tlsCertPath: setting<string | undefined>({
    variable: 'KITH_TLS_CERT',
    meaning: 'PEM file with the certificate chain; with KITH_TLS_KEY the service speaks HTTPS. `kith cert` makes both.',
    defaultText: 'none',
    fallback: () => undefined,
    parse: readableFile,
  }),
  tlsKeyPath: setting<string | undefined>({
    variable: 'KITH_TLS_KEY',
    meaning: 'PEM file with the private key of KITH_TLS_CERT.',
    defaultText: 'none',
    fallback: () => undefined,
    parse: readableFile,
  }),
  allowPlainHttp: setting({
    variable: 'KITH_ALLOW_PLAIN_HTTP',
    meaning: 'true lets Kith listen beyond loopback without TLS, for use behind a proxy that has it.',
    defaultText: 'false',
    fallback: () => false,
    parse: flag,
  }),
  imageHosts: setting<readonly string[]>({
    variable: 'KITH_IMAGE_HOSTS',
    meaning:
      'Hosts that image URLs may point to, separated by commas: photos.example.org, *.example.org, photos.example.org:8443. Empty: image URLs are refused.',
    defaultText: 'empty',
    fallback: () => [],
    parse: (text) => {
      const hosts = text
        .split(',')
        .map((host) => host.trim())
        .filter((host) => host !== '');
      parseHostRules(hosts);
      return hosts;
    },
  }),
  engineProcesses: setting({
    variable: 'KITH_ENGINE_PROCESSES',
    meaning: 'Processes that decode photos and run the face models; each takes a core and about 250 MB.',
    defaultText: 'the number of cores, at most 8',
    fallback: () => Math.min(8, availableParallelism()),
    parse: integer(1, 64),
  }),
  searchThreads: setting({
    variable: 'KITH_SEARCH_THREADS',
    meaning: 'Threads that search the galleries.',
    defaultText: 'the number of cores, at most 16',
    fallback: () => Math.min(16, availableParallelism()),
    parse: integer(1, 256),
  }),
  searchIn: setting<'memory' | 'postgres'>({
    variable: 'KITH_SEARCH',
    meaning:
      "Where galleries are searched: in each node's memory, or with pgvector in the database of KITH_STORE (postgres), for galleries larger than a node's memory.",
    defaultText: 'memory',
    fallback: () => 'memory',
    parse: (text) => oneOf(['memory', 'postgres'])(text) as 'memory' | 'postgres',
  }),
  recognitionModels: setting<ReadonlyMap<string, string>>({
    variable: 'KITH_RECOGNITION_MODELS',
    meaning:
      'Which model pack answers for a recognition model that clients name: name=pack, separated by commas. Packs are `fast` and those that `kith models add` added. Templates under two names never compare, even if one pack made both.',
    defaultText: 'recognition_01=fast,recognition_02=fast,recognition_03=fast,recognition_04=fast',
    fallback: () => new Map(['01', '02', '03', '04'].map((version) => [`recognition_${version}`, 'fast'])),
    parse: (text) => new Map(text.split(',').map(modelName)),
  }),
  publicUrl: setting<string | undefined>({
    variable: 'KITH_PUBLIC_URL',
    meaning:
      'Address that clients reach the service by when a proxy stands before it, such as https://kith.example.org: answers that tell a client where to ask next name it.',
    defaultText: 'the address that was asked',
    fallback: () => undefined,
    parse: publicUrl,
  }),
  policyOperator: setting<string | undefined>({
    variable: 'KITH_POLICY_OPERATOR',
    meaning: 'Who answers for the service, as /.well-known/biometric-policy names them.',
    defaultText: 'nobody named',
    fallback: () => undefined,
    parse: nonEmpty,
  }),
  policyContact: setting<string | undefined>({
    variable: 'KITH_POLICY_CONTACT',
    meaning: 'Where people ask what is held about them or have it erased, as that page says.',
    defaultText: 'not said',
    fallback: () => undefined,
    parse: nonEmpty,
  }),
  azureTier: setting<'F0' | 'S0' | undefined>({
    variable: 'KITH_AZURE_TIER',
    meaning:
      "Limits how often a key may call Azure's API, as Azure's tiers do: F0 (20 a minute), S0 (10 a second), or none.",
    defaultText: 'none',
    fallback: () => undefined,
    parse: (text) => {
      const tier = oneOf(['none', 'F0', 'S0'])(text);
      return tier === 'none' ? undefined : (tier as 'F0' | 'S0');
    },
  }),
  logLevel: setting({
    variable: 'KITH_LOG_LEVEL',
    meaning: 'fatal, error, warn, info, debug or silent. Logs never hold names, photos, keys or templates.',
    defaultText: 'info',
    fallback: () => 'info',
    parse: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'silent']),
  }),
};

type Settings = typeof SETTINGS;
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };

/** Every bad value at once, so that a start fails once and not five times. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration can't be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Pure but for looking whether named files can be read. An empty variable counts as unset. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { variable, fallback, parse }] of Object.entries(SETTINGS)) {
    const text = env[variable];
    try {
      values[name] = text === undefined || text === '' ? fallback() : parse(text);
    } catch (error) {
      faults.push(`${variable}: ${(error as Error).message}`);
    }
  }
  faults.push(...unknownVariables(env), ...contradictions(values as Partial<Config>));
  if (faults.length > 0) throw new ConfigError(faults);
  const config = values as Config;
  const { storeUrl, storePassword } = config;
  if (storeUrl === undefined || storePassword === undefined) return config;
  return { ...config, storeUrl: withPassword(storeUrl, storePassword) };
}

/** Rows of the configuration page, in the order of the schema. */
export function describeSettings(): readonly Pick<Setting<unknown>, 'variable' | 'meaning' | 'defaultText'>[] {
  return Object.values(SETTINGS).map(({ variable, meaning, defaultText }) => ({ variable, meaning, defaultText }));
}

/** A misspelt variable would silently leave a default in force. */
function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(Object.values(SETTINGS).map(({ variable }) => variable));
  return Object.keys(env)
    .filter((variable) => variable.startsWith('KITH_') && !known.has(variable))
    .map((variable) => `${variable}: there is no such setting`);
}

function contradictions(config: Partial<Config>): string[] {
  const faults: string[] = [];
  if ((config.tlsCertPath === undefined) !== (config.tlsKeyPath === undefined)) {
    faults.push('KITH_TLS_CERT and KITH_TLS_KEY: set both or neither');
  }
  if (config.searchIn === 'postgres' && config.storeUrl === undefined) {
    faults.push('KITH_SEARCH: postgres searches in the database of KITH_STORE; set that too');
  }
  const { host } = config;
  if (host !== undefined && !isLoopback(host) && !config.tlsCertPath && !config.allowPlainHttp) {
    faults.push(
      `KITH_HOST: ${host} can be reached from other machines, so set KITH_TLS_CERT and KITH_TLS_KEY (kith cert makes them), or KITH_ALLOW_PLAIN_HTTP=true`,
    );
  }
  if (config.storePassword !== undefined && !USER_ALONE.test(config.storeUrl ?? '')) {
    faults.push(
      'KITH_STORE_PASSWORD_FILE: wants KITH_STORE to name a user and no password, as in postgres://kith@host',
    );
  }
  return faults;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

function masterKey(text: string): Uint8Array {
  const key = Uint8Array.from(Buffer.from(text.trim(), 'base64'));
  if (key.length !== MASTER_KEY_BYTES) throw new Error(`is not ${MASTER_KEY_BYTES} bytes in base64`);
  return key;
}

function nonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('is blank');
  return text;
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new Error(`"${text}" is not a whole number from ${min} to ${max}`);
    return value;
  };
}

function flag(text: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new Error(`"${text}" is neither true nor false`);
}

function oneOf(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (!choices.includes(text)) throw new Error(`"${text}" is none of ${choices.join(', ')}`);
    return text;
  };
}

function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new Error(`"${text}" is not an address such as https://kith.example.org`);
  }
  return url.href.replace(/\/+$/, '');
}

function storeUrl(text: string): string {
  parseAddresses(text);
  return text;
}

/** An address that names a user, and no password. */
const USER_ALONE = /^(postgres(?:ql)?:\/\/[^:@/?]+)@/;

/** For an address with a user and without a password; others stay as they are. */
export function withPassword(url: string, password: string): string {
  return url.replace(USER_ALONE, (_address, user: string) => `${user}:${encodeURIComponent(password)}@`);
}

export function passwordIn(path: string): string {
  // Editors and `echo` end the line
  const password = readFileSync(readableFile(path), 'utf8').replace(/\r?\n$/, '');
  if (password === '' || password.includes('\n')) throw new Error(`${resolve(path)} is not one line with a password`);
  return password;
}

function readableFile(text: string): string {
  const path = resolve(text);
  try {
    readFileSync(path);
  } catch (error) {
    throw new Error(`${path} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return path;
}

function modelName(pair: string): [string, string] {
  const [name, packId, ...rest] = pair.split('=').map((part) => part.trim());
  if (!name || !packId || rest.length > 0) throw new Error(`"${pair}" is not name=pack`);
  return [name, packId];
}
