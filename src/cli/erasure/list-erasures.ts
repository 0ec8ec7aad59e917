import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import {
  type KnownErasure,
  type KnownErasures,
  nameOf,
  type OfTenant,
  recordName,
  withErasures,
} from './known-erasures.ts';

export interface ListOptions extends OfTenant {
  readonly gallery?: string;
  readonly person?: string;
  readonly limit: number;
}

/** What a service gives at once. */
const MAX_PAGE = 1000;

export function listErasures(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { terminal } = context;
  return withErasures(context, options, async (erasures) => {
    const { found, hasMore, otherNodes } = await upTo(erasures, options);
    for (const { record, erasedAt, subject, cause, keyId, removed } of found) {
      const counts = removed ? { removed } : {};
      terminal.record({ type: 'erasure', record: recordName(record), erasedAt, subject, cause, keyId, ...counts });
    }
    if (found.length === 0) terminal.answer('Nothing that was erased is on record.');
    else terminal.answer(formatTable(terminal, ['What', 'Erased (UTC)', 'By', 'Record'], found.map(rowOf)));
    if (hasMore) terminal.note(`These are the newest ${found.length}; --limit asks for more.`);
    noteOthers(terminal, otherNodes);
    return EXIT.done;
  });
}

/** A page may have fewer than were asked for while there are more. */
async function upTo(erasures: KnownErasures, { gallery, person, limit }: ListOptions) {
  const of = {
    ...(gallery === undefined ? {} : { galleryId: gallery }),
    ...(person === undefined ? {} : { personId: person }),
  };
  const found: KnownErasure[] = [];
  let before: string | undefined;
  for (;;) {
    const wanted = Math.min(MAX_PAGE, limit - found.length);
    const page = await erasures.list({ ...of, limit: wanted, ...(before === undefined ? {} : { before }) });
    found.push(...page.erasures);
    before = page.next;
    const hasMore = before !== undefined;
    if (!hasMore || found.length >= limit) return { found, hasMore, otherNodes: page.otherNodes };
  }
}

function rowOf({ subject, erasedAt, cause, keyId, record }: KnownErasure): string[] {
  const by = cause === 'retention' ? 'retention' : keyId === 'command-line' ? 'command line' : shortened(keyId);
  return [nameOf(subject).replace(/^the /, ''), erasedAt.slice(0, 16).replace('T', ' '), by, recordName(record)];
}

/** Keys' ids are random: their beginnings tell them apart. */
function shortened(keyId: string): string {
  return keyId.length > 12 ? `${printable(keyId.slice(0, 8))}…` : printable(keyId);
}

function noteOthers(terminal: Terminal, otherNodes: readonly string[]): void {
  if (otherNodes.length === 0) return;
  terminal.note(
    `What was erased through other nodes is in their own logs, and not in this list: ${otherNodes.map(printable).join(', ')}.`,
  );
}
