// A grid of people of which only the rows in view are drawn. The arrow keys walk over all of them, drawn or not.
import {
  type KeyboardEvent,
  memo,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { nextTile, ROW_PX, rowsInView, type Shape, scrollToRow, shapeOf } from './grid-rows.ts';
import type { PeopleWindow } from './people-window.ts';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { FacePicture } from './ui.tsx';
import type { Person } from './wire.ts';

/** Whoever is only scrolled past needs no picture. */
const PICTURE_AFTER_MS = 150;

export function PeopleGrid(props: {
  readonly people: PeopleWindow;
  readonly total: number;
  /** Who is in the upper left corner at first, and whoever is there later. */
  readonly from: number;
  readonly onLook: (first: number) => void;
}) {
  const { people, total, from, onLook } = props;
  const { gallery } = useGallery();
  const frame = useRef<HTMLDivElement>(null);
  const view = useView(frame);
  const shape = shapeOf(total, view);
  const { scrolledPx, scrollTo, onScroll } = useScrolled(frame, shape, from);
  const inView = rowsInView(shape, scrolledPx);
  const first = inView.seen * shape.columns;
  const isLaidOut = view.heightPx > 0;

  useEffect(() => {
    if (!isLaidOut) return;
    people.look(inView.first * shape.columns, Math.min(total, inView.end * shape.columns) - 1);
    onLook(first);
  }, [people, onLook, isLaidOut, inView.first, inView.end, shape.columns, total, first]);

  const { focused, stop, focusedCell, focusOn, onBlur, onKeyDown } = useTileFocus({
    shape,
    total,
    first,
    reveal: (row) => scrollTo(scrollToRow(shape, row, scrolledPx)),
  });
  const rows = Array.from({ length: Math.max(0, inView.end - inView.first) }, (_, i) => inView.first + i);
  // The tile that has the focus stays, or the keys would lead nowhere once it is scrolled out of view
  const focusedRow = focused === undefined ? undefined : Math.floor(focused / shape.columns);
  if (focusedRow !== undefined && !rows.includes(focusedRow)) {
    if (focusedRow < inView.first) rows.unshift(focusedRow);
    else rows.push(focusedRow);
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table's cells can't be laid out by row at a place of their own
    <div
      ref={frame}
      className="people-grid"
      role="grid"
      aria-label={texts.peopleList.title}
      aria-rowcount={shape.rows}
      aria-colcount={shape.columns}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      onBlur={onBlur}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="rowgroup" className="people-rows" style={{ height: shape.heightPx }}>
        {isLaidOut &&
          rows.map((row) => (
            // biome-ignore lint/a11y/useSemanticElements: as above
            // biome-ignore lint/a11y/useFocusableInteractive: its cells are what has the focus
            <div
              key={row}
              role="row"
              aria-rowindex={row + 1}
              className="people-row"
              style={{
                top: row * ROW_PX + inView.shiftPx,
                gridTemplateColumns: `repeat(${shape.columns}, minmax(0, 1fr))`,
              }}
            >
              {columnsOf(row, shape, total).map((index) => (
                <Tile
                  key={index}
                  index={index}
                  column={index - row * shape.columns + 1}
                  person={people.at(index)}
                  galleryId={gallery.galleryId}
                  keepPhotos={gallery.keepPhotos}
                  isStop={index === stop}
                  onFocus={focusOn}
                  {...(index === focused ? { cellRef: focusedCell } : {})}
                />
              ))}
            </div>
          ))}
      </div>
    </div>
  );
}

function columnsOf(row: number, { columns }: Shape, total: number): readonly number[] {
  const start = row * columns;
  return Array.from({ length: Math.min(columns, total - start) }, (_, i) => start + i);
}

const Tile = memo(function Tile(props: {
  readonly index: number;
  readonly column: number;
  readonly person: Person | undefined;
  readonly galleryId: string;
  readonly keepPhotos: boolean;
  /** Where the tabulator key stops. */
  readonly isStop: boolean;
  readonly onFocus: (index: number) => void;
  readonly cellRef?: RefObject<HTMLDivElement | null>;
}) {
  const { index, column, person, galleryId, keepPhotos, isStop, onFocus, cellRef } = props;
  const faceId = person?.faceIds[0];
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the grid
    <div
      ref={cellRef}
      role="gridcell"
      aria-colindex={column}
      className="person-cell"
      tabIndex={isStop ? 0 : -1}
      onFocus={() => onFocus(index)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget && person) {
          window.location.hash = `people/${person.personId}`;
        }
      }}
    >
      {person ? (
        <a className="person-tile" href={`#people/${person.personId}`} tabIndex={-1}>
          <FacePicture
            galleryId={galleryId}
            personId={person.personId}
            name={person.name}
            isKept={keepPhotos && faceId !== undefined}
            afterMs={PICTURE_AFTER_MS}
            {...(faceId === undefined ? {} : { faceId })}
          />
          <bdi className="person-name">{person.name}</bdi>
          <span className="fine">{texts.photos(person.faceIds.length)}</span>
        </a>
      ) : (
        <span className="person-tile person-unread">
          <span className="face" />
          <span className="fine">{texts.loading}</span>
        </span>
      )}
    </div>
  );
});

/** The inner size of an element, as it is now. */
function useView(element: RefObject<HTMLElement | null>): { readonly widthPx: number; readonly heightPx: number } {
  const [view, setView] = useState({ widthPx: 0, heightPx: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const measure = (): void => {
      const { clientWidth: widthPx, clientHeight: heightPx } = current;
      setView((before) =>
        before.widthPx === widthPx && before.heightPx === heightPx ? before : { widthPx, heightPx },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return view;
}

/** Keeps whoever is in the upper left corner there when the width changes, and with it who stands in which row. */
function useScrolled(frame: RefObject<HTMLElement | null>, shape: Shape, from: number) {
  const [scrolledPx, setScrolledPx] = useState(0);
  const corner = useRef(from);
  const latest = useRef(shape);
  latest.current = shape;
  const scrollTo = useCallback(
    (px: number): void => {
      const { current } = frame;
      if (!current) return;
      current.scrollTop = px;
      setScrolledPx(current.scrollTop);
    },
    [frame],
  );
  const { columns } = shape;
  const isLaidOut = shape.viewPx > 0;
  useLayoutEffect(() => {
    if (isLaidOut) scrollTo((Math.floor(corner.current / columns) * ROW_PX) / latest.current.squeeze);
  }, [isLaidOut, columns, scrollTo]);
  const onScroll = useCallback((): void => {
    const px = frame.current?.scrollTop ?? 0;
    corner.current = rowsInView(latest.current, px).seen * latest.current.columns;
    setScrolledPx(px);
  }, [frame]);
  return { scrolledPx, scrollTo, onScroll };
}

/** One tile at a time is in the order of the tabulator key; the arrows go from it to the others. */
function useTileFocus(grid: {
  readonly shape: Shape;
  readonly total: number;
  readonly first: number;
  readonly reveal: (row: number) => void;
}) {
  const { shape, total, first, reveal } = grid;
  const [chosen, setChosen] = useState<number>();
  const focusedCell = useRef<HTMLDivElement>(null);
  const isMoving = useRef(false);
  const focused = chosen === undefined ? undefined : Math.min(chosen, total - 1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tile is there once it is drawn as the focused one
  useLayoutEffect(() => {
    if (!isMoving.current) return;
    isMoving.current = false;
    focusedCell.current?.focus({ preventScroll: true });
  }, [focused]);
  return {
    focused,
    stop: focused ?? first,
    focusedCell,
    focusOn: setChosen,
    onBlur: useCallback((event: { currentTarget: Element; relatedTarget: Element | null }): void => {
      if (!event.currentTarget.contains(event.relatedTarget)) setChosen(undefined);
    }, []),
    onKeyDown: (event: KeyboardEvent): void => {
      if (focused === undefined || event.altKey) return;
      const { columns, viewPx } = shape;
      const rowsPerView = Math.max(1, Math.floor(viewPx / ROW_PX));
      const isWhole = event.ctrlKey || event.metaKey;
      const to = nextTile(event.key, focused, { count: total, columns, rowsPerView, isWhole });
      if (to === undefined) return;
      event.preventDefault();
      isMoving.current = to !== focused;
      setChosen(to);
      reveal(Math.floor(to / columns));
    },
  };
}
