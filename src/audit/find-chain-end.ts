import { AuditFaultError } from './audit-fault.ts';
import { NO_HASH } from './audit-line.ts';
import { readWholeChain } from './audit-reader.ts';
import type { ChainWriterOptions } from './chain-writer.ts';
import type { CheckedLine } from './check-chain.ts';
import { type ChainBunch, type ChainEnd, readChain } from './read-chain.ts';
import { readLastHead } from './read-heads.ts';
import type { VerifyingKey } from './signing-key.ts';

export interface FoundEnd {
  readonly end: ChainWriterOptions['end'];
  /** What a crash left behind the last whole line. */
  readonly tornBytes: number;
  /** The last record's action and time; undefined for a chain without any. */
  readonly lastAction: string | undefined;
  readonly lastTime: string | undefined;
}

/**
 * Where to go on, after a crash too: the lines from the last head on are read again and must follow it. Throws
 * AuditFaultError, naming the first bad line of the whole chain, when they don't.
 */
export async function findChainEnd(target: {
  readonly chainFolder: string;
  readonly chain: string;
  readonly key: VerifyingKey;
}): Promise<FoundEnd> {
  try {
    const { head, endBytes: headsEndBytes } = await readLastHead(target.chainFolder, target);
    const reading = readChain({ ...target, heads: [head ? [head] : []], ...(head ? { from: head } : {}) });
    const { chainEnd, lastLine } = await readToEnd(reading);
    const { seq, hash, segment, endBytes, signedSeq, tornBytes } = chainEnd;
    return {
      end: {
        seq,
        hash: seq === 0 ? NO_HASH : hash,
        segment: Math.max(1, segment),
        endBytes,
        lastLineOffsetBytes: chainEnd.lastLine?.offsetBytes ?? 0,
        unsignedLines: seq - signedSeq,
        headsEndBytes,
      },
      tornBytes,
      lastAction: textOf(lastLine?.content.action),
      lastTime: textOf(lastLine?.content.time),
    };
  } catch (error) {
    if (!(error instanceof AuditFaultError)) throw error;
    throw new AuditFaultError(await firstFault(target, error), adviceFor(target.chainFolder));
  }
}

async function readToEnd(
  reading: AsyncIterable<ChainBunch>,
): Promise<{ readonly chainEnd: ChainEnd; readonly lastLine: CheckedLine | undefined }> {
  let lastLine: CheckedLine | undefined;
  let chainEnd: ChainEnd | undefined;
  for await (const { lines, end } of reading) {
    lastLine = lines.at(-1) ?? lastLine;
    chainEnd = end;
  }
  if (chainEnd === undefined) throw new Error('a chain was read without an end');
  return { chainEnd, lastLine };
}

/** The end alone doesn't say where a chain went wrong first, nor on which line of its file. */
async function firstFault(
  target: Parameters<typeof findChainEnd>[0],
  found: AuditFaultError,
): Promise<AuditFaultError['fault']> {
  try {
    await readToEnd(readWholeChain(target));
    return found.fault;
  } catch (error) {
    if (!(error instanceof AuditFaultError)) throw error;
    return error.fault;
  }
}

function adviceFor(chainFolder: string): string {
  return (
    ' Kith adds nothing to an audit log that was changed: keep a copy of it and find out what happened. To start all ' +
    `the same, move ${chainFolder} away; a new chain begins, and kith audit verify will keep saying which one is gone.`
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
