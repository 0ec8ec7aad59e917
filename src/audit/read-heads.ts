import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditFaultError, type AuditFaultKind } from './audit-fault.ts';
import { HEADS_FILE } from './chain-folder.ts';
import { isSignedBy, parseHead, type SignedHead } from './chain-head.ts';
import { type RawLine, readLines } from './read-lines.ts';
import type { VerifyingKey } from './signing-key.ts';

/** More than any head takes, twice: the last whole one is within it. */
const TAIL_BYTES = 4096;

/** How far the file of heads reaches now; what is appended later is left to a later look. */
export async function sizeOfHeads(chainFolder: string): Promise<number> {
  try {
    return (await stat(join(chainFolder, HEADS_FILE))).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/**
 * All heads, oldest first, each checked: AuditFaultError for one that is damaged, not signed, or out of order. Begun in
 * the middle, a fault counts the lines from there.
 */
export async function* readHeads(
  chainFolder: string,
  expected: {
    readonly chain: string;
    readonly key: VerifyingKey;
    readonly fromBytes?: number;
    readonly untilBytes: number;
  },
): AsyncGenerator<SignedHead, void, undefined> {
  const { chain, key, fromBytes = 0, untilBytes } = expected;
  if (untilBytes === 0) return;
  let line = 0;
  let lastSeq = 0;
  let isTorn = false;
  const refuse = (kind: AuditFaultKind, message: string): AuditFaultError =>
    new AuditFaultError({ kind, chain, file: HEADS_FILE, line, message });

  for await (const { lines } of readLines(join(chainFolder, HEADS_FILE), { fromBytes, untilBytes })) {
    for (const { bytes } of lines) {
      line += 1;
      const head = parseHead(bytes.toString('utf8'));
      // A crash leaves zeros where a page didn't reach the disk, and nothing behind them
      if (head === undefined && bytes.includes(0) && !isTorn) {
        isTorn = true;
        continue;
      }
      if (head === undefined || isTorn) throw refuse('altered', 'It is no signed head.');
      if (!isSignedBy(head, key)) throw refuse('bad-signature', 'The signature is not one of this head by this key.');
      if (head.chain !== chain) throw refuse('replayed', `It is a head of the chain ${head.chain}.`);
      if (head.seq <= lastSeq) {
        throw refuse('reordered', `It covers record ${head.seq} and stands after one that covers ${lastSeq}.`);
      }
      lastSeq = head.seq;
      yield head;
    }
  }
}

/**
 * The newest head, without a look at those before it, and where the next one goes: behind it, over what a crash left
 * unfinished.
 */
export async function readLastHead(
  chainFolder: string,
  expected: { readonly chain: string; readonly key: VerifyingKey },
): Promise<{ readonly head: SignedHead | undefined; readonly endBytes: number }> {
  const path = join(chainFolder, HEADS_FILE);
  const dataBytes = await sizeWithoutTrailingNuls(path, await sizeOfHeads(chainFolder));
  if (dataBytes === 0) return { head: undefined, endBytes: 0 };
  const fromBytes = Math.max(0, dataBytes - TAIL_BYTES);
  const tail: RawLine[] = [];
  for await (const { lines } of readLines(path, { fromBytes, untilBytes: dataBytes })) tail.push(...lines);
  // It began in the middle of a line
  if (fromBytes > 0) tail.shift();
  while (tail.at(-1)?.bytes.includes(0)) tail.pop();
  const last = tail.at(-1);
  if (last === undefined && fromBytes === 0) return { head: undefined, endBytes: 0 };
  const head = last && parseHead(last.bytes.toString('utf8'));
  if (last === undefined || head === undefined || head.chain !== expected.chain || !isSignedBy(head, expected.key)) {
    const message = 'The last head is not one of this chain, signed by this key.';
    throw new AuditFaultError({
      kind: 'bad-signature',
      chain: expected.chain,
      file: HEADS_FILE,
      line: tail.length,
      message,
    });
  }
  return { head, endBytes: last.offsetBytes + last.bytes.length + 1 };
}

async function sizeWithoutTrailingNuls(path: string, sizeBytes: number): Promise<number> {
  if (sizeBytes === 0) return 0;
  const file = await open(path, 'r');
  try {
    const block = Buffer.alloc(TAIL_BYTES);
    for (let end = sizeBytes; end > 0; ) {
      const start = Math.max(0, end - block.length);
      const { bytesRead } = await file.read(block, 0, end - start, start);
      for (let i = bytesRead; i > 0; i--) if (block[i - 1] !== 0) return start + i;
      end = start;
    }
    return 0;
  } finally {
    await file.close();
  }
}

/** What another process appended may still be on its way to the disk. */
export async function syncHeads(chainFolder: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(join(chainFolder, HEADS_FILE), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
