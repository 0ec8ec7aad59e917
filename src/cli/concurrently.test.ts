import { describe, expect, test } from 'vitest';
import { forEachConcurrently, mapInOrder } from './concurrently.ts';

const items = Array.from({ length: 20 }, (_, i) => i);
const tick = (rounds: number) => new Promise<void>((resolve) => setTimeout(resolve, rounds));

/** Counts how much is under way at once. */
function meter() {
  let now = 0;
  let most = 0;
  return {
    get most() {
      return most;
    },
    async during(work: () => Promise<void>) {
      most = Math.max(most, ++now);
      await work().finally(() => now--);
    },
  };
}

describe('mapInOrder', () => {
  test('answers in order, however long each takes, and never more than the limit at once', async () => {
    const busy = meter();
    const answers: number[] = [];
    for await (const answer of mapInOrder(items, 3, async (item) => {
      await busy.during(() => tick(item % 4));
      return item * 2;
    })) {
      answers.push(answer);
    }
    expect(answers).toEqual(items.map((item) => item * 2));
    expect(busy.most).toBe(3);
  });

  test('a failure comes where its answer would have', async () => {
    const answers: number[] = [];
    const run = async () => {
      for await (const answer of mapInOrder(items, 4, async (item) => {
        if (item === 5) throw new Error('no');
        await tick(1);
        return item;
      })) {
        answers.push(answer);
      }
    };
    await expect(run()).rejects.toThrow('no');
    expect(answers).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('forEachConcurrently', () => {
  test('does everything once', async () => {
    const busy = meter();
    const done: number[] = [];
    const { signal } = new AbortController();
    await forEachConcurrently(items, { limit: 4, signal }, async (item) => {
      await busy.during(() => tick(item % 3));
      done.push(item);
    });
    expect(done.sort((a, b) => a - b)).toEqual(items);
    expect(busy.most).toBe(4);
  });

  test('asked to stop, it finishes what is under way and begins nothing more', async () => {
    const stop = new AbortController();
    const begun: number[] = [];
    const done: number[] = [];
    await forEachConcurrently(items, { limit: 3, signal: stop.signal }, async (item) => {
      begun.push(item);
      if (item === 4) stop.abort();
      await tick(2);
      done.push(item);
    });
    expect(begun.length).toBeLessThan(items.length);
    expect(done.sort()).toEqual(begun.sort());
  });

  test('after a failure it waits for the others, then throws', async () => {
    const done: number[] = [];
    const { signal } = new AbortController();
    const run = forEachConcurrently(items, { limit: 3, signal }, async (item) => {
      if (item === 1) throw new Error('no');
      await tick(5);
      done.push(item);
    });
    await expect(run).rejects.toThrow('no');
    expect(done.sort()).toEqual([0, 2]);
  });
});
