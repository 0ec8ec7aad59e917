// Where the rows of a long grid lie. All are of one height, so that nothing is measured and no row but those in view costs
// anything, however many there are.

export const ROW_PX = 184;
export const GAP_PX = 12;
const MIN_TILE_PX = 132;
/** Browsers lay out nothing that is much higher than this (Firefox: 17.8 million pixels). */
export const MAX_PX = 15_000_000;
/** Rows beyond the edges of the view, ready for the next turn of the wheel. */
const BEYOND = 2;

export interface Shape {
  readonly columns: number;
  readonly rows: number;
  /** Of the scrolled area. A list that is too long for a browser is squeezed: a pixel of scrolling then moves several. */
  readonly heightPx: number;
  readonly viewPx: number;
  /** Pixels of the list for each that is scrolled; 1 unless the list is squeezed. */
  readonly squeeze: number;
}

export interface RowsInView {
  /** Of the rows to draw; `end` is the one after the last. */
  readonly first: number;
  readonly end: number;
  /** The first row that is seen at all. */
  readonly seen: number;
  /** To be added to a row's own place, `row * ROW_PX`. 0 unless the list is squeezed. */
  readonly shiftPx: number;
}

export function shapeOf(count: number, view: { readonly widthPx: number; readonly heightPx: number }): Shape {
  const columns = Math.max(1, Math.floor((view.widthPx + GAP_PX) / (MIN_TILE_PX + GAP_PX)));
  const rows = Math.ceil(count / columns);
  const wholePx = Math.max(0, rows * ROW_PX - GAP_PX);
  const heightPx = Math.min(wholePx, MAX_PX);
  const squeeze = wholePx > heightPx ? (wholePx - view.heightPx) / (heightPx - view.heightPx) : 1;
  return { columns, rows, heightPx, viewPx: view.heightPx, squeeze };
}

export function rowsInView(shape: Shape, scrolledPx: number): RowsInView {
  const topPx = scrolledPx * shape.squeeze;
  const seen = within(Math.floor(topPx / ROW_PX), shape.rows);
  return {
    first: within(seen - BEYOND, shape.rows),
    end: Math.min(shape.rows, Math.ceil((topPx + shape.viewPx) / ROW_PX) + BEYOND),
    seen,
    shiftPx: shape.squeeze === 1 ? 0 : scrolledPx - topPx,
  };
}

/** How far to scroll until a row is seen whole: no further than it takes. */
export function scrollToRow(shape: Shape, row: number, scrolledPx: number): number {
  const topPx = scrolledPx * shape.squeeze;
  const rowPx = row * ROW_PX;
  const lowestPx = rowPx + ROW_PX - GAP_PX - shape.viewPx;
  // Of a row that is higher than the view, its upper edge counts
  return Math.max(0, Math.min(rowPx, Math.max(topPx, lowestPx))) / shape.squeeze;
}

/** Where a key leads from a tile; undefined for keys that lead nowhere. */
export function nextTile(
  key: string,
  from: number,
  grid: { readonly count: number; readonly columns: number; readonly rowsPerView: number; readonly isWhole: boolean },
): number | undefined {
  const { count, columns, rowsPerView, isWhole } = grid;
  const last = count - 1;
  const inRow = from % columns;
  const down = (rows: number): number => {
    const to = from + rows * columns;
    // From the last row but one to a last row that is shorter
    if (to > last) return Math.floor(from / columns) < Math.floor(last / columns) ? last : from;
    return to < 0 ? inRow : to;
  };
  switch (key) {
    case 'ArrowRight':
      return Math.min(last, from + 1);
    case 'ArrowLeft':
      return Math.max(0, from - 1);
    case 'ArrowDown':
      return down(1);
    case 'ArrowUp':
      return from < columns ? from : from - columns;
    case 'PageDown':
      return down(rowsPerView);
    case 'PageUp':
      return down(-rowsPerView);
    case 'Home':
      return isWhole ? 0 : from - inRow;
    case 'End':
      return isWhole ? last : Math.min(last, from - inRow + columns - 1);
    default:
      return undefined;
  }
}

function within(row: number, rows: number): number {
  return Math.max(0, Math.min(rows - 1, row));
}
