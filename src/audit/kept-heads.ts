import { openAuditReader } from './audit-reader.ts';
import { parseHead, type SignedHead } from './chain-head.ts';

/** The newest head of each chain: kept elsewhere, they show later that nothing before them was put back or changed. */
export async function newestHeads(folder: string): Promise<readonly SignedHead[]> {
  const reader = await openAuditReader({ folder });
  const heads: SignedHead[] = [];
  for (const chain of reader.chains) {
    let newest: SignedHead | undefined;
    for await (const head of reader.readHeads(chain)) newest = head;
    if (newest) heads.push(newest);
  }
  return heads;
}

/** One head a line; undefined when there is none, or a line is no head. */
export function parseHeads(text: string): readonly SignedHead[] | undefined {
  const heads = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map(parseHead);
  return heads.every((head) => head !== undefined) && heads.length > 0 ? heads : undefined;
}
