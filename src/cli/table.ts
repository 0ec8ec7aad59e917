import Table from 'cli-table3';
import { wrapText } from './display-width.ts';
import type { Style, Terminal } from './terminal.ts';

/** Printable text; styled where the terminal has colours. */
export type Cell = string | { readonly text: string; readonly style: Style };

const GAP = 2;
/** A column squeezed further is unreadable; the terminal wraps the line instead. */
const MIN_FIRST_WIDTH = 8;

/** Columns under a bold head, as wide as the terminal at most: the first column gives way, its text wrapping. */
export function formatTable(
  terminal: Pick<Terminal, 'columns' | 'paint'>,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const styledRows = [head.map((text) => ({ text, style: 'bold' as const })), ...rows];
  const plainRows = styledRows.map((row) => row.map(textOf));
  const excess = layOut(plainRows).width - terminal.columns;
  const firstWidth = Math.max(MIN_FIRST_WIDTH, layOut(plainRows.map((row) => row.slice(0, 1))).width - GAP - excess);
  const painted = styledRows.map((row) =>
    row.map((cell, column) => {
      const lines = column === 0 && excess > 0 ? wrapText(textOf(cell), firstWidth) : [textOf(cell)];
      return lines.map((line) => (typeof cell === 'string' ? line : terminal.paint(cell.style, line))).join('\n');
    }),
  );
  return layOut(painted)
    .text.split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function layOut(rows: readonly (readonly string[])[]): { readonly text: string; readonly width: number } {
  const table = new Table({
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
      ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
      ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
    },
    // Colours come from paint, which knows where there may be any
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
  });
  for (const row of rows) table.push([...row]);
  return { text: table.toString(), width: table.width };
}
