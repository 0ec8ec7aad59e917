// Commands that no service does for somebody elsewhere, each with the reason. docs/command-line.md lists them.

const NEEDS_MASTER_KEY = 'it needs the master key, which never leaves the machine of the service';
const NEEDS_TEMPLATES = 'it needs the templates themselves, and a service gives none away';
const NEEDS_FILES = 'it works on the files of the data directory, which a service shows to nobody';
const ANY_TENANT = 'a key belongs to one tenant, and no key may reach the others';
const OWN_PHOTOS = 'it compares your photos on this machine and asks no service: leave --url out';
const NO_SERVICE = 'it asks no service: leave --url out';

/** By the words of the command; of a group of commands, what holds for all of them. */
export const REASONS: Readonly<Record<string, string>> = {
  'vault rotate': NEEDS_MASTER_KEY,
  'gallery rekey': NEEDS_MASTER_KEY,
  'gallery upgrade-model': NEEDS_MASTER_KEY,
  backup: NEEDS_FILES,
  restore: NEEDS_FILES,
  migrate: NEEDS_FILES,
  upgrade: NEEDS_FILES,
  export: NEEDS_TEMPLATES,
  import: NEEDS_TEMPLATES,
  'protect report': NEEDS_TEMPLATES,
  tenants: ANY_TENANT,
  'models add': 'a model is loaded into the service, so who adds one has to be let onto its machine',
  'models check': NEEDS_FILES,
  'models calibrate': NEEDS_FILES,
  evaluate: OWN_PHOTOS,
  bench: 'it measures the machine that it runs on',
  identity: NO_SERVICE,
  cert: NO_SERVICE,
  demo: 'it starts a service of its own: leave --url out',
  serve: 'it is the service',
};

/** Undefined for a command that has none, or that works through a service. */
export function whyOnlyHere(command: readonly string[]): string | undefined {
  return REASONS[command.join(' ')] ?? REASONS[command[0] ?? ''];
}
