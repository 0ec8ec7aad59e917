import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

const GAP = 2;
/** A column squeezed further is unreadable; the terminal wraps the line instead. */
const MIN_FLEXIBLE_WIDTH = 8;

/**
 * Columns under a bold head, as wide as the terminal at most: the first column gives way, its text wrapping. Cells
 * must be printable already; they may be painted.
 */
export function formatTable(
  terminal: Pick<Terminal, 'columns' | 'paint'>,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const boldHead = head.map((text) => terminal.paint('bold', text));
  const natural = layOut(boldHead, rows, undefined);
  if (natural.width <= terminal.columns) return trimEnds(natural.text);
  const first = layOut(
    boldHead.slice(0, 1),
    rows.map((row) => row.slice(0, 1)),
    undefined,
  );
  const firstWidth = Math.max(MIN_FLEXIBLE_WIDTH, first.width - (natural.width - terminal.columns));
  return trimEnds(layOut(boldHead, rows, firstWidth).text);
}

function layOut(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  firstWidth: number | undefined,
): { readonly text: string; readonly width: number } {
  const table = new Table({
    head: [...head],
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
      ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
      ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
    },
    // Colours come from paint, which knows where there may be any
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
    ...(firstWidth === undefined ? {} : { colWidths: [firstWidth], wordWrap: true, wrapOnWordBoundary: false }),
  });
  for (const row of rows) table.push([...row]);
  return { text: table.toString(), width: table.width };
}

function trimEnds(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
