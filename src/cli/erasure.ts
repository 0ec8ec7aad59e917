import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AUDIT_FOLDER } from '../audit/chain-folder.ts';
import { findReceiptFault } from '../audit/erasure-receipt.ts';
import { PUBLIC_KEY_FILE, readPublicKey } from '../audit/signing-key.ts';
import type { ErasedSubject, ErasureReceipt, SignedReceipt } from '../core/erasure-types.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { describeFileError } from './image-file.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface VerifyOptions {
  readonly publicKey?: string;
}

export function addErasureCommand(program: Command, run: RunCommand): void {
  const erasure = program.command('erasure').description('Receipts of what was erased.');
  erasure
    .command('verify')
    .description('Checks that a receipt is as this service, or the one with that public key, signed it.')
    .argument('<receipt>', 'a file with the answer of the erasure')
    .option('--public-key <file>', "the service's public key, when it is elsewhere")
    .addHelpText('after', '\nExit code 1 says that something is wrong.\n\nExample:\n  kith erasure verify receipt.json')
    .action((receipt: string, options: VerifyOptions, command: Command) =>
      run(command, (context) => verifyReceipt(context, receipt, options)),
    );
}

async function verifyReceipt(
  { terminal, loadConfig }: CommandContext,
  path: string,
  options: VerifyOptions,
): Promise<ExitCode> {
  const keyPath = options.publicKey ?? join(loadConfig().dataDir, AUDIT_FOLDER, PUBLIC_KEY_FILE);
  const key = await readPublicKey(keyPath).catch((error: unknown) => {
    throw new UsageError(`${keyPath}: ${describeFileError(error)}`);
  });
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path}: ${describeFileError(error)}`);
  });
  const signed = parse(text);
  const fault = findReceiptFault(signed, key);
  if (fault !== undefined) {
    terminal.record({ type: 'erasure-receipt', isValid: false, fault });
    terminal.fail(`kith: ${printable(path)}: ${fault}`);
    return EXIT.someRefused;
  }
  const { receipt } = signed as SignedReceipt<ErasedSubject>;
  const { removed, erasedAt, unconfirmedNodes = [] } = receipt;
  terminal.record({ type: 'erasure-receipt', isValid: true, receipt });
  const what = `${count(removed.persons, 'person', 'people')}, ${count(removed.templates, 'template')}, ${count(removed.photos, 'picture')}`;
  terminal.say(`${nameOf(receipt)} was erased at ${printable(erasedAt)}: ${what}.`);
  if (unconfirmedNodes.length > 0) {
    terminal.say(`Not confirmed by then: ${unconfirmedNodes.map(printable).join(', ')}.`);
  }
  return EXIT.done;
}

function nameOf({ subject, tenantId }: ErasureReceipt): string {
  if (subject.what === 'tenant') return `the tenant ${printable(tenantId)}`;
  const gallery = printable(subject.galleryId);
  return subject.personId === undefined
    ? `the gallery ${gallery}`
    : `the person ${printable(subject.personId)} of ${gallery}`;
}

/** Undefined is no receipt either. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
