import type { Command } from 'commander';
import { DEFAULT_TENANT } from '../default-tenant.ts';
import { type CreateOptions, createKey, PERMISSIONS, revokeKey, rotateKey } from './keys/change-keys.ts';
import type { OfTenant } from './keys/known-keys.ts';
import { listKeys } from './keys/list-keys.ts';
import type { RunCommand } from './program.ts';

const TENANT = ['--tenant <id>', `whose, on the data directory; "${DEFAULT_TENANT}" when left out`] as const;
const KEY_ID = 'as kith keys list shows it';

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
    .action((options: CreateOptions, command: Command) =>
      run(command, (context) => createKey(context, options), 'either'),
    );
  keys
    .command('list')
    .description('Lists the keys there are, without the keys themselves.')
    .option(...TENANT)
    .addHelpText('after', '\nExample:\n  kith keys list --json')
    .action((options: OfTenant, command: Command) =>
      run(command, async (context) => listKeys(context, options), 'either'),
    );
  keys
    .command('rotate')
    .description('Makes a second key like one there is; revoke that one once every client has the new one.')
    .argument('<keyId>', KEY_ID)
    .addHelpText('after', '\nExample:\n  kith keys rotate 5f0c…')
    .option(...TENANT)
    .action((keyId: string, options: OfTenant, command: Command) =>
      run(command, (context) => rotateKey(context, keyId, options), 'either'),
    );
  keys
    .command('revoke')
    .description('Ends a key; a running service refuses it within a second.')
    .argument('<keyId>', KEY_ID)
    .option(...TENANT)
    .option('-y, --yes', 'do it without being asked')
    .addHelpText('after', '\nExample:\n  kith keys revoke 5f0c… --yes')
    .action((keyId: string, options: Parameters<typeof revokeKey>[2], command: Command) =>
      run(command, (context) => revokeKey(context, keyId, options), 'either'),
    );
}
