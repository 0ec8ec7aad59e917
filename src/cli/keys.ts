import type { Command } from 'commander';
import { DEFAULT_TENANT, openRecords } from '../compose.ts';
import { createApiKey, revokeApiKey, rotateApiKey } from '../core/operations/manage-api-keys.ts';
import type { Permission } from '../core/types.ts';
import { type CommandContext, closing, requireData } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { formatTable } from './table.ts';
import { UsageError } from './usage-error.ts';

interface CreateOptions {
  readonly label: string;
  readonly permission: readonly string[];
  readonly gallery?: readonly string[];
  readonly purpose?: readonly string[];
}

/** Whose keys. */
interface OfTenant {
  readonly tenant: string;
}

const TENANT = ['--tenant <id>', 'whose', DEFAULT_TENANT] as const;

const PERMISSIONS: readonly Permission[] = ['admin', 'enrol', 'search', 'review', 'audit'];

export function addKeysCommand(program: Command, run: RunCommand): void {
  const keys = program.command('keys').description('API keys of the service.');
  keys
    .command('create')
    .description('Makes a key and prints it, this once: only its hash is kept.')
    .option('--label <text>', 'what the key is for', 'command line')
    .option('--permission <name...>', `what it may do: ${PERMISSIONS.join(', ')}`, ['admin'])
    .option('--gallery <id...>', 'the only galleries it knows of')
    .option(...TENANT)
    .option('--purpose <text...>', 'it knows only of galleries with one of these purposes')
    .addHelpText('after', '\nExample:\n  kith keys create --label "front desk" --permission search')
    .action((options: CreateOptions & OfTenant, command: Command) =>
      run(command, (context) => createKey(context, options)),
    );
  keys
    .command('list')
    .description('Lists the keys there are, without the keys themselves.')
    .option(...TENANT)
    .addHelpText('after', '\nExample:\n  kith keys list --json')
    .action((options: OfTenant, command: Command) => run(command, (context) => listKeys(context, options)));
  keys
    .command('rotate')
    .description('Makes a second key like one there is; revoke that one once every client has the new one.')
    .argument('<keyId>', 'as kith keys list shows it')
    .addHelpText('after', '\nExample:\n  kith keys rotate 5f0c… && kith keys revoke 5f0c…')
    .option(...TENANT)
    .action((keyId: string, options: OfTenant, command: Command) =>
      run(command, (context) => rotateKey(context, keyId, options)),
    );
  keys
    .command('revoke')
    .description('Ends a key; a running service refuses it within a second.')
    .argument('<keyId>', 'as kith keys list shows it')
    .option(...TENANT)
    .addHelpText('after', '\nExample:\n  kith keys revoke 5f0c…')
    .action((keyId: string, options: OfTenant, command: Command) =>
      run(command, (context) => revokeKey(context, keyId, options)),
    );
}

async function createKey(
  { terminal, loadConfig }: CommandContext,
  options: CreateOptions & OfTenant,
): Promise<ExitCode> {
  const permissions = options.permission.map((name) => {
    const permission = PERMISSIONS.find((known) => known === name);
    if (!permission) throw new UsageError(`There is no permission "${name}"; known are ${PERMISSIONS.join(', ')}.`);
    return permission;
  });
  return closing(await openRecords(loadConfig(), 'command-line'), async (deps) => {
    const { label, tenant: tenantId, gallery: galleries, purpose: purposes } = options;
    const { keyId, key } = await createApiKey(actingFor(deps, tenantId), {
      tenantId,
      label,
      permissions,
      ...(galleries || purposes
        ? { bounds: { ...(galleries ? { galleries } : {}), ...(purposes ? { purposes } : {}) } }
        : {}),
    });
    terminal.record({ type: 'key', keyId, key, label, permissions });
    terminal.answer(key);
    terminal.note('Keep it now: it is shown this once and stored only as a hash.');
    return EXIT.done;
  });
}

async function listKeys({ terminal, loadConfig }: CommandContext, { tenant }: OfTenant): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const keys = (await deps.store.listApiKeys()).filter(({ tenantId }) => tenantId === tenant);
    for (const { keyId, label, permissions, bounds, createdMs } of keys) {
      terminal.record({
        type: 'key',
        keyId,
        label,
        permissions,
        ...bounds,
        createdAt: new Date(createdMs).toISOString(),
      });
    }
    const rows = keys.map(({ keyId, label, permissions, bounds, createdMs }) => [
      keyId,
      printable(label),
      permissions.join(', '),
      [...(bounds?.galleries ?? []), ...(bounds?.purposes ?? []).map(printable)].join(', '),
      new Date(createdMs).toISOString().slice(0, 10),
    ]);
    terminal.answer(formatTable(terminal, ['Key id', 'Label', 'May', 'Only', 'Made'], rows));
    return EXIT.done;
  });
}

async function rotateKey(
  { terminal, loadConfig }: CommandContext,
  keyId: string,
  { tenant: tenantId }: OfTenant,
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const made = await rotateApiKey(actingFor(deps, tenantId), { tenantId, keyId });
    if (!made) throw new UsageError(`There is no key "${keyId}"; kith keys list shows those there are.`);
    terminal.record({ type: 'key', keyId: made.keyId, key: made.key, insteadOf: keyId });
    terminal.answer(made.key);
    terminal.note(`Keep it now: it is shown this once. The old one works until kith keys revoke ${keyId}`);
    return EXIT.done;
  });
}

async function revokeKey(
  { terminal, loadConfig }: CommandContext,
  keyId: string,
  { tenant: tenantId }: OfTenant,
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    if (!(await revokeApiKey(actingFor(deps, tenantId), { tenantId, keyId }))) {
      throw new UsageError(`There is no key "${keyId}"; kith keys list shows those there are.`);
    }
    terminal.record({ type: 'key-revoked', keyId });
    terminal.say(`The key ${keyId} is revoked.`);
    return EXIT.done;
  });
}

/** On record as a deed within that tenant. */
function actingFor(deps: Awaited<ReturnType<typeof openRecords>>, tenantId: string) {
  return { ...deps, audit: deps.auditLog.actingAs({ tenantId, keyId: 'command-line' }) };
}
