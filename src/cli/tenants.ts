import type { Command } from 'commander';
import { openRecords, removeCopies } from '../compose.ts';
import { eraseTenantWithReceipt } from '../core/erase-with-receipt.ts';
import { createApiKey } from '../core/operations/manage-api-keys.ts';
import { type CommandContext, closing, withRecords } from './command-context.ts';
import { confirm } from './confirm.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { formatTable } from './table.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** As many as Azure gives: one is replaced while the other is in use. */
const KEYS = ['key1', 'key2'];

export function addTenantsCommand(program: Command, run: RunCommand): void {
  const tenants = program
    .command('tenants')
    .description('Islands within one service: each has its own keys and people.');
  tenants
    .command('create')
    .description('Makes a tenant: prints two keys for it, this once, to be replaced one after the other.')
    .argument('<tenant>', 'its id: a-z, 0-9, - and _')
    .addHelpText('after', '\nExample:\n  kith tenants create north-school')
    .action((tenantId: string, _options: object, command: Command) =>
      run(command, (context) => createTenant(context, tenantId)),
    );
  tenants
    .command('list')
    .description('Lists the tenants there are, and what each has.')
    .addHelpText('after', '\nExample:\n  kith tenants list')
    .action((_options: object, command: Command) => run(command, listTenants));
  tenants
    .command('delete')
    .description('Erases everything of a tenant for good, its keys too; prints a signed receipt with --json.')
    .argument('<tenant>', 'its id')
    .option('-y, --yes', 'do it without being asked')
    .addHelpText('after', '\nExample:\n  kith tenants delete north-school --yes --json > receipt.json')
    .action((tenantId: string, options: { readonly yes?: true }, command: Command) =>
      run(command, (context) => deleteTenant(context, tenantId, options)),
    );
}

async function createTenant({ terminal, loadConfig }: CommandContext, tenantId: string): Promise<ExitCode> {
  if (!TENANT_ID.test(tenantId))
    throw new UsageError(`"${tenantId}" is no tenant's id: a-z, 0-9, - and _, at most 64.`);
  return closing(await openRecords(loadConfig(), 'command-line'), async (deps) => {
    const known = await deps.store.listTenants();
    if (known.some((tenant) => tenant.tenantId === tenantId)) {
      throw new UsageError(
        `The tenant "${tenantId}" is there already; kith keys create --tenant ${tenantId} makes a key.`,
      );
    }
    const audit = deps.auditLog.actingAs({ tenantId, keyId: 'command-line' });
    for (const label of KEYS) {
      const { keyId, key } = await createApiKey({ ...deps, audit }, { tenantId, label, permissions: ['admin'] });
      terminal.record({ type: 'key', tenantId, keyId, key, label });
      terminal.answer(`${label}  ${key}`);
    }
    terminal.note('Keep them now: they are shown this once and stored only as hashes.');
    return EXIT.done;
  });
}

async function listTenants(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  return withRecords(context, async (deps) => {
    const tenants = await deps.store.listTenants();
    for (const tenant of tenants) terminal.record({ type: 'tenant', ...tenant });
    const rows = tenants.map(({ tenantId, keys, galleries, persons }) => [
      printable(tenantId),
      ...[keys, galleries, persons].map(String),
    ]);
    terminal.answer(formatTable(terminal, ['Tenant', 'Keys', 'Galleries', 'People'], rows));
    return EXIT.done;
  });
}

async function deleteTenant(
  context: CommandContext,
  tenantId: string,
  options: { readonly yes?: true },
): Promise<ExitCode> {
  const { terminal } = context;
  return withRecords(context, async (deps, config) => {
    const tenant = (await deps.store.listTenants()).find((known) => known.tenantId === tenantId);
    if (!tenant) throw new UsageError(`There is no tenant "${tenantId}"; kith tenants list shows those there are.`);
    const what = `${count(tenant.galleries, 'gallery', 'galleries')} with ${count(tenant.persons, 'person', 'people')}`;
    await confirm(
      terminal,
      `This erases ${what} and ${count(tenant.keys, 'key')} of "${tenantId}", for good.`,
      options,
    );
    const audit = deps.auditLog.actingAs({ tenantId, keyId: 'command-line' });
    // A running service follows by itself; what it keeps of the index on the disk goes
    const follower = { catchUp: () => removeCopies(config) };
    const receipt = await eraseTenantWithReceipt({ ...deps, follower, audit }, tenantId);
    terminal.record({ type: 'tenant-erased', ...receipt });
    const { persons, templates } = receipt.receipt.removed;
    terminal.say(
      `The tenant "${tenantId}" is erased: ${count(persons, 'person', 'people')}, ${count(templates, 'template')}.`,
    );
    return EXIT.done;
  });
}
