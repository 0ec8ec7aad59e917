import type { Command } from 'commander';
import { DEFAULT_TENANT } from '../default-tenant.ts';
import { type ListOptions, listErasures } from './erasure/list-erasures.ts';
import { type SaveOptions, saveReceipt } from './erasure/save-receipt.ts';
import { type VerifyOptions, verifyReceipt } from './erasure/verify-receipt.ts';
import { wholeNumber } from './option-values.ts';
import type { RunCommand } from './program.ts';

const TENANT = ['--tenant <id>', `whose, on the data directory; "${DEFAULT_TENANT}" when left out`] as const;
const MAX_LISTED = 1_000_000;

export function addErasureCommand(program: Command, run: RunCommand): void {
  const erasure = program.command('erasure').description('What was erased, and its receipts.');
  erasure
    .command('list')
    .description('Lists whom and what was erased, newest first, as the audit log has it.')
    .option('-g, --gallery <id>', 'of this gallery only, which may be gone')
    .option('--person <id>', 'of this person only')
    .option('--limit <n>', 'so many at most', wholeNumber(1, MAX_LISTED), 100)
    .option(...TENANT)
    .addHelpText('after', '\nExample:\n  kith erasure list -g club')
    .action((options: ListOptions, command: Command) =>
      run(command, (context) => listErasures(context, options), 'either'),
    );
  erasure
    .command('receipt')
    .description('Makes the receipt of an erasure out again, from its record, which is checked first.')
    .argument('<record>', 'as kith erasure list shows it')
    .option('--to <file>', 'write it there; to standard output when left out')
    .option(...TENANT)
    .addHelpText('after', '\nExample:\n  kith erasure receipt 0001-9f2c4e7a/57 --to receipt.json')
    .action((record: string, options: SaveOptions, command: Command) =>
      run(command, (context) => saveReceipt(context, record, options), 'either'),
    );
  erasure
    .command('verify')
    .description('Checks that a receipt is as this service, or the one with that public key, signed it.')
    .argument('<receipt>', 'a file with the answer of the erasure, or of kith erasure receipt')
    .option('--public-key <file>', "the service's public key, when it is elsewhere")
    .addHelpText(
      'after',
      '\nWith --url the service is asked for its public key, and the receipt is checked here.\n' +
        'Exit code 1 says that something is wrong.\n\nExample:\n  kith erasure verify receipt.json',
    )
    .action((receipt: string, options: VerifyOptions, command: Command) =>
      run(command, (context) => verifyReceipt(context, receipt, options), 'either'),
    );
}
