import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inTransaction } from './transactions.ts';

const FROZEN_MS = 30_000;

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

test('a node that was frozen in the middle of a search makes it again', async () => {
  const refusals = [
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    Object.assign(new Error('no such user'), { code: '28000' }),
  ];
  const connect = async () => {
    vi.advanceTimersByTime(FROZEN_MS);
    throw refusals.shift();
  };
  // What the second attempt is told
  await expect(inTransaction({ connect }, { begin: 'BEGIN' }, async () => undefined)).rejects.toThrow('no such user');
});
