import { BLOCK_ROWS } from './layout.ts';
import type { Span } from './scan-task.ts';

/** How long a thread is to be busy with a piece: long against a message's 20 µs, short against anyone's patience. */
const PIECE_NS = 1_500_000;
const MAX_PIECE_ROWS = 262_144;

/** Cuts rows into pieces of about equal work: at least two a thread, none much longer than 1.5 ms. */
export function cutPieces(
  spans: readonly Span[],
  cost: { readonly rowNs: number; readonly threads: number },
): (readonly Span[])[] {
  const total = spans.reduce((sum, span) => sum + rowsIn(span), 0);
  const share = Math.ceil(total / (2 * cost.threads));
  const wanted = Math.min(PIECE_NS / cost.rowNs, MAX_PIECE_ROWS, share);
  const pieceRows = Math.max(1, Math.ceil(wanted / BLOCK_ROWS)) * BLOCK_ROWS;
  const pieces: Span[][] = [];
  let piece: Span[] = [];
  let room = pieceRows;
  for (const span of spans) {
    for (let from = 0; from < rowsIn(span); ) {
      const count = Math.min(room, rowsIn(span) - from);
      piece.push(part(span, from, count));
      from += count;
      room -= count;
      if (room > 0) continue;
      pieces.push(piece);
      piece = [];
      room = pieceRows;
    }
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}

function rowsIn({ rows, from, to }: Span): number {
  return rows ? rows.length : to - from;
}

function part(span: Span, from: number, count: number): Span {
  if (span.rows) return { ...span, rows: span.rows.slice(from, from + count) };
  return { ...span, from: span.from + from, to: span.from + from + count };
}
