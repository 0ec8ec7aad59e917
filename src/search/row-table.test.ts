import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowTable } from './row-table.ts';

test('remembers what a map remembers', () => {
  const key = fc.oneof(
    fc.nat(50),
    fc.nat(2 ** 32 - 1),
    fc.integer({ min: 0, max: 60 }).map((n) => n * 65_536),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 400 }), (steps) => {
      const keys: number[] = [];
      const table = new RowTable((rowId) => keys[rowId] as number);
      const map = new Map<number, number>();
      for (const [add, key] of steps) {
        if (add) {
          keys.push(key);
          table.set(key, keys.length - 1);
          map.set(key, keys.length - 1);
        } else {
          table.delete(key);
          map.delete(key);
        }
        expect(table.find(key)).toBe(map.get(key));
      }
      expect(table.count).toBe(map.size);
      for (const [key, rowId] of map) expect(table.find(key)).toBe(rowId);
      expect([...table.rowIds()].sort()).toEqual([...map.values()].sort());
    }),
  );
});

test('grows to a hundred thousand, shrinks again and never loses one', () => {
  const keys = Array.from({ length: 100_000 }, (_, i) => (i * 2_654_435_761) % 2 ** 32);
  const table = new RowTable((rowId) => keys[rowId] as number);
  for (const [rowId, key] of keys.entries()) table.set(key, rowId);
  expect(table.count).toBe(keys.length);
  for (const [rowId, key] of keys.entries()) if (rowId % 3 !== 0) table.delete(key);
  const wrong = keys.filter((key, rowId) => table.find(key) !== (rowId % 3 === 0 ? rowId : undefined));
  expect(wrong).toEqual([]);
});
