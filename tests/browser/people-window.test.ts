// What the list of people fetches and where its rows lie, without a browser.
import { describe, expect, test, vi } from 'vitest';
import { nextTile, ROW_PX, rowsInView, scrollToRow, shapeOf } from '../../console/src/grid-rows.ts';
import { openPeopleWindow, PAGE } from '../../console/src/people-window.ts';
import type { PeoplePage, PeopleWanted } from '../../console/src/wire.ts';

/** Answers as the service does; `names` may change meanwhile. */
function serviceWith(names: string[]) {
  const asked: PeopleWanted[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  let isDown = false;
  const changes = vi.fn();
  const people = openPeopleWindow(async (wanted): Promise<PeoplePage> => {
    asked.push(wanted);
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    await Promise.resolve();
    underWay--;
    if (isDown) throw new Error('down');
    const { after, skip = 0, limit = 0, count } = wanted;
    const from = (after === undefined ? 0 : names.findIndex((name) => name > after)) + skip;
    const found = names.slice(from, from + limit);
    return {
      people: found.map((name) => ({ personId: name, name, createdAt: '', faceIds: [] })),
      ...(found.length === limit ? { next: found.at(-1) ?? '' } : {}),
      ...(count ? { total: names.length } : {}),
    };
  }, changes);
  return {
    people,
    asked,
    changes,
    mostUnderWay: () => mostUnderWay,
    setDown: (down: boolean) => {
      isDown = down;
    },
  };
}

const namesUpTo = (n: number) => Array.from({ length: n }, (_, i) => `Person ${String(i).padStart(6, '0')}`);
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('the window of a long list of people', () => {
  test('a jump fetches what is seen there and its neighbours, one request at a time', async () => {
    const { people, asked, mostUnderWay } = serviceWith(namesUpTo(100_000));
    people.look(0, 20);
    await settled();
    expect(people.total).toBe(100_000);
    expect(people.at(0)?.name).toBe('Person 000000');
    asked.length = 0;
    people.look(60_030, 60_060);
    people.look(60_040, 60_070);
    await settled();
    expect(people.at(60_040)?.name).toBe('Person 060040');
    expect(people.at(59_999)?.name).toBe('Person 059999');
    // From the nearest place that is known: the end of the second page
    expect(asked[0]).toEqual({ limit: PAGE, after: 'Person 000199', skip: 59_800 });
    expect(asked).toHaveLength(3);
    expect(mostUnderWay()).toBe(1);
  });

  test('pages far from what is seen are dropped, and fetched again from where they began', async () => {
    const { people, asked } = serviceWith(namesUpTo(10_000));
    for (let at = 0; at < 9000; at += 100) {
      people.look(at, at + 40);
      await settled();
    }
    expect(people.at(8990)?.name).toBe('Person 008990');
    expect(people.at(0)).toBeUndefined();
    asked.length = 0;
    people.look(550, 560);
    await settled();
    expect(people.at(555)?.name).toBe('Person 000555');
    expect(asked[0]).toEqual({ limit: PAGE, after: 'Person 000499' });
  });

  test.each([0, 1, PAGE - 1, PAGE, PAGE + 1])('%s people are neither more nor fewer', async (n) => {
    const { people, asked } = serviceWith(namesUpTo(n));
    people.look(0, 0);
    await settled();
    expect(people.total).toBe(n);
    expect(people.at(n)).toBeUndefined();
    if (n > 0) expect(people.at(n - 1)).toBeDefined();
    expect(asked.length).toBe(n > PAGE ? 2 : 1);
  });

  test('a list that became shorter is counted anew', async () => {
    const names = namesUpTo(5000);
    const { people } = serviceWith(names);
    people.look(0, 20);
    await settled();
    names.splice(1000);
    people.look(4000, 4020);
    await settled();
    expect(people.total).toBe(1000);
    people.look(980, 999);
    await settled();
    expect(people.at(999)?.name).toBe('Person 000999');
  });

  test('after an error it waits to be told to go on', async () => {
    const { people, asked, setDown, changes } = serviceWith(namesUpTo(500));
    people.look(0, 20);
    await settled();
    setDown(true);
    people.look(300, 320);
    await settled();
    expect(people.error).toEqual(new Error('down'));
    const before = asked.length;
    for (let at = 200; at < 400; at += 10) people.look(at, at + 20);
    await settled();
    expect(asked.length).toBe(before);
    setDown(false);
    people.retry();
    await settled();
    expect(people.error).toBeUndefined();
    expect(people.at(395)).toBeDefined();
    people.close();
    const changed = changes.mock.calls.length;
    people.look(0, 400);
    await settled();
    expect(changes.mock.calls.length).toBe(changed);
  });
});

describe('the rows of a long grid', () => {
  const view = { widthPx: 1000, heightPx: 600 };

  test('those in view are drawn, and two beyond each edge', () => {
    const shape = shapeOf(100_000, view);
    expect(shape).toMatchObject({ columns: 7, rows: 14_286, squeeze: 1 });
    expect(rowsInView(shape, 0)).toEqual({ first: 0, end: 6, seen: 0, shiftPx: 0 });
    expect(rowsInView(shape, 5000 * ROW_PX + 1)).toEqual({ first: 4998, end: 5006, seen: 5000, shiftPx: 0 });
    expect(rowsInView(shape, shape.heightPx - 600).end).toBe(14_286);
    expect(shapeOf(1, { widthPx: 0, heightPx: 0 })).toMatchObject({ columns: 1, rows: 1 });
    expect(rowsInView(shapeOf(0, view), 0)).toMatchObject({ first: 0, end: 0 });
  });

  test('a list that no browser could lay out is squeezed, and its last row is reached', () => {
    const shape = shapeOf(1_000_000, { widthPx: 300, heightPx: 600 });
    expect(shape.heightPx).toBe(15_000_000);
    const lowestPx = shape.heightPx - 600;
    const { end, shiftPx } = rowsInView(shape, lowestPx);
    expect(end).toBe(shape.rows);
    // The last row ends where the area ends
    expect((shape.rows - 1) * ROW_PX + 172 + shiftPx).toBeCloseTo(shape.heightPx, 3);
    const middle = scrollToRow(shape, 250_000, 0);
    const { seen } = rowsInView(shape, middle);
    expect(seen).toBeLessThanOrEqual(250_000);
    expect(seen).toBeGreaterThan(250_000 - 4);
  });

  test('a row is brought into view by the shortest way', () => {
    const shape = shapeOf(1000, view);
    expect(scrollToRow(shape, 1, 0)).toBe(0);
    expect(scrollToRow(shape, 3, 0)).toBe(4 * ROW_PX - 12 - 600);
    expect(scrollToRow(shape, 3, 2000)).toBe(3 * ROW_PX);
    expect(scrollToRow(shapeOf(9, { widthPx: 300, heightPx: 100 }), 2, 0)).toBe(2 * ROW_PX);
  });

  test.each([
    ['ArrowRight', 9, 9],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 5, 9],
    ['ArrowDown', 8, 8],
    ['ArrowDown', 1, 5],
    ['ArrowUp', 2, 2],
    ['ArrowUp', 9, 5],
    ['PageDown', 1, 9],
    ['PageUp', 9, 1],
    ['Home', 6, 4],
    ['End', 5, 7],
    ['End', 8, 9],
    ['x', 5, undefined],
  ])('%s leads from tile %s of ten to %s', (key, from, to) => {
    expect(nextTile(key, from, { count: 10, columns: 4, rowsPerView: 2, isWhole: false })).toBe(to);
  });

  test('with the control key to both ends', () => {
    const grid = { count: 10, columns: 4, rowsPerView: 2, isWhole: true };
    expect([nextTile('Home', 6, grid), nextTile('End', 1, grid)]).toEqual([0, 9]);
  });
});
