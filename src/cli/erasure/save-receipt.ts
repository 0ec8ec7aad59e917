import { open, rm } from 'node:fs/promises';
import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { type OfTenant, recordNamed, withErasures } from './known-erasures.ts';

export interface SaveOptions extends OfTenant {
  readonly to?: string;
}

export function saveReceipt(context: CommandContext, record: string, options: SaveOptions): Promise<ExitCode> {
  const { terminal } = context;
  const { to } = options;
  const place = recordNamed(record);
  return withErasures(context, options, async (erasures) => {
    const { receipt, signature } = await erasures.receipt(place);
    const text = JSON.stringify({ receipt, signature }, null, 2);
    if (to !== undefined) await writeNew(to, `${text}\n`);
    terminal.record({ type: 'erasure-receipt', receipt, signature, ...(to === undefined ? {} : { file: to }) });
    if (to === undefined) terminal.answer(text);
    else terminal.say(`The receipt is in ${printable(to)}.`);
    const { notOnRecord = [] } = receipt;
    if (notOnRecord.length > 0) {
      terminal.note(`The record is an older Kith's and does not say: ${notOnRecord.join(', ')}.`);
    }
    return EXIT.done;
  });
}

/** Never over another file, which may be the first receipt. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new UsageError(`${path} is there already: name another file with --to.`);
    throw notWritten(path, error);
  });
  try {
    await file.writeFile(text);
  } catch (error) {
    await rm(path, { force: true });
    throw notWritten(path, error as NodeJS.ErrnoException);
  } finally {
    await file.close();
  }
}

function notWritten(path: string, { code, message }: NodeJS.ErrnoException): UsageError {
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  return new UsageError(`${path} can't be written: ${isMissing ? 'there is no such folder' : (code ?? message)}.`);
}
