// A list of people that may be long: pages of it are fetched where it is looked at, and dropped when that is far away.
import type { PeoplePage, PeopleWanted, Person } from './wire.ts';

export const PAGE = 100;
/** So many pages are kept: those that are nearest to what is looked at. */
const KEPT_PAGES = 20;

export interface PeopleWindow {
  /** How many there are; undefined until that is known. */
  readonly total: number | undefined;
  readonly error: unknown;
  /** Undefined for whoever is not fetched yet. */
  at(index: number): Person | undefined;
  /** What is seen now; its pages are fetched, one request at a time. */
  look(first: number, last: number): void;
  /** After an error. */
  retry(): void;
  close(): void;
}

export function openPeopleWindow(
  fetchPage: (wanted: PeopleWanted, signal: AbortSignal) => Promise<PeoplePage>,
  onChange: () => void,
): PeopleWindow {
  const pages = new Map<number, readonly Person[]>();
  /** Where pages begin, as the service tells it: from the nearest of them a jump passes over the fewest. */
  let places = new Map<number, string | undefined>([[0, undefined]]);
  const gone = new AbortController();
  let total: number | undefined;
  let isCounted = false;
  let error: unknown;
  let isFetching = false;
  let seen = { first: 0, last: 0 };

  function changed(): void {
    if (!gone.signal.aborted) onChange();
  }

  /** First what is seen, then the page to either side of it. */
  function missingPage(): number | undefined {
    const first = Math.floor(seen.first / PAGE);
    const last = Math.floor(seen.last / PAGE);
    const wanted = [...Array.from({ length: last - first + 1 }, (_, i) => first + i), last + 1, first - 1];
    if (!isCounted || total === undefined) return 0;
    const end = Math.ceil(total / PAGE);
    return wanted.find((no) => no >= 0 && no < end && !pages.has(no));
  }

  async function fetchOne(no: number): Promise<void> {
    let from = 0;
    for (const known of places.keys()) if (known <= no && known > from) from = known;
    const after = places.get(from);
    const page = await fetchPage(
      {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
        ...(from === no ? {} : { skip: (no - from) * PAGE }),
        ...(isCounted ? {} : { count: true }),
      },
      gone.signal,
    );
    if (page.people.length === 0 && no > 0) {
      // People went meanwhile, and nobody is left here: how many are there now, and where?
      pages.clear();
      places = new Map([[0, undefined]]);
      isCounted = false;
      return;
    }
    isCounted = true;
    const end = no * PAGE + page.people.length;
    total = page.next === undefined ? end : Math.max(page.total ?? total ?? 0, end);
    pages.set(no, page.people);
    if (page.next !== undefined) places.set(no + 1, page.next);
    dropFarthest(no);
  }

  function dropFarthest(fetched: number): void {
    if (pages.size <= KEPT_PAGES) return;
    const middle = (seen.first + seen.last) / 2 / PAGE;
    const farthest = [...pages.keys()]
      .filter((no) => no !== fetched)
      .reduce((a, b) => (Math.abs(a + 0.5 - middle) > Math.abs(b + 0.5 - middle) ? a : b));
    pages.delete(farthest);
  }

  async function fill(): Promise<void> {
    if (isFetching || error !== undefined) return;
    isFetching = true;
    try {
      for (let no = missingPage(); no !== undefined && !gone.signal.aborted; no = missingPage()) {
        await fetchOne(no);
        changed();
      }
    } catch (reason) {
      if (!gone.signal.aborted) error = reason;
      changed();
    } finally {
      isFetching = false;
    }
  }

  return {
    get total() {
      return total;
    },
    get error() {
      return error;
    },
    at: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE],
    look(first, last) {
      seen = { first, last };
      void fill();
    },
    retry() {
      error = undefined;
      changed();
      void fill();
    },
    close: () => gone.abort(),
  };
}
