import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDIT_FOLDER } from '../../audit/chain-folder.ts';
import { findReceiptFault } from '../../audit/erasure-receipt.ts';
import { keyOfPem, PUBLIC_KEY_FILE, readPublicKey, type VerifyingKey } from '../../audit/signing-key.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { describeFileError } from '../image-file.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';
import { type KnownReceipt, nameOf } from './known-erasures.ts';

export interface VerifyOptions {
  readonly publicKey?: string;
}

export async function verifyReceipt(context: CommandContext, path: string, options: VerifyOptions): Promise<ExitCode> {
  const { terminal } = context;
  const key = await keyFor(context, options);
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
  // A first one is the same without `issuedAt`
  const { receipt } = signed as Pick<KnownReceipt, 'receipt'> & { receipt: { issuedAt?: string } };
  const { erasedAt, unconfirmedNodes = [], issuedAt, notOnRecord = [] } = receipt;
  terminal.record({ type: 'erasure-receipt', isValid: true, receipt });
  terminal.say(
    `${nameOf(receipt.subject, receipt.tenantId)} was erased at ${printable(erasedAt)}: ${whatOf(receipt)}.`,
  );
  if (unconfirmedNodes.length > 0) {
    terminal.say(`Not confirmed by then: ${unconfirmedNodes.map(printable).join(', ')}.`);
  }
  if (issuedAt !== undefined)
    terminal.say(`The receipt was made out again from the audit log at ${printable(issuedAt)}.`);
  if (notOnRecord.length > 0) terminal.say(`The record does not say: ${notOnRecord.map(printable).join(', ')}.`);
  return EXIT.done;
}

async function keyFor({ service, loadConfig }: CommandContext, { publicKey }: VerifyOptions): Promise<VerifyingKey> {
  if (service) {
    if (publicKey !== undefined) throw new UsageError('--url and --public-key are two keys to check by: name one.');
    const { publicKeyOf } = await import('./remote-erasures.ts');
    return keyOfPem(await publicKeyOf(service));
  }
  const path = publicKey ?? join(loadConfig().dataDir, AUDIT_FOLDER, PUBLIC_KEY_FILE);
  return readPublicKey(path).catch((error: unknown) => {
    throw new UsageError(`${path}: ${describeFileError(error)}`);
  });
}

function whatOf({ removed }: KnownReceipt['receipt']): string {
  if (!removed) return 'how much of what is not on record';
  return [
    count(removed.persons, 'person', 'people'),
    count(removed.templates, 'template'),
    count(removed.photos, 'picture'),
  ].join(', ');
}

/** Undefined is no receipt either. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
