import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { HEADS_FILE } from './chain-folder.ts';
import { parseHead } from './chain-head.ts';
import { readLines } from './read-lines.ts';

/** More than two heads take: a whole one is in it wherever it begins. */
const BLOCK_BYTES = 4096;
/** So much is read line by line. */
const NEAR_BYTES = 64 * 1024;
const NEWLINE = 10;

/**
 * Where in the file of heads the last one begins that covers `seq` at most; undefined when all cover more. Nothing is
 * checked: it only saves reading years of heads before the ones that matter.
 */
export async function findHead(chainFolder: string, seq: number, untilBytes: number): Promise<number | undefined> {
  if (untilBytes === 0) return undefined;
  const path = join(chainFolder, HEADS_FILE);
  const file = await open(path, 'r');
  let from = 0;
  try {
    for (let until = untilBytes; until - from > NEAR_BYTES; ) {
      const middle = Math.floor((from + until) / 2);
      const head = await firstHeadFrom(file, middle);
      // Where there is none lies the reserve behind the last one
      if (head !== undefined && head.seq <= seq) from = head.offsetBytes;
      else until = middle;
    }
  } finally {
    await file.close();
  }
  let found: number | undefined;
  for await (const { lines } of readLines(path, { fromBytes: from, untilBytes })) {
    for (const { bytes, offsetBytes } of lines) {
      const head = parseHead(bytes.toString('utf8'));
      if (head && head.seq > seq) return found;
      if (head) found = offsetBytes;
    }
  }
  return found;
}

async function firstHeadFrom(
  file: FileHandle,
  fromBytes: number,
): Promise<{ readonly seq: number; readonly offsetBytes: number } | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, fromBytes);
  const begin = buffer.subarray(0, bytesRead).indexOf(NEWLINE) + 1;
  const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE, begin);
  const head = begin === 0 || end === -1 ? undefined : parseHead(buffer.toString('utf8', begin, end));
  return head && { seq: head.seq, offsetBytes: fromBytes + begin };
}
