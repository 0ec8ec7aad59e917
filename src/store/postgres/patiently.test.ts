import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patiently } from './patiently.ts';

const FROZEN_MS = 30_000;
const cut = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

test('a node that was frozen in the middle of a call makes it again', async () => {
  let attempts = 0;
  const answer = patiently(async () => {
    if (++attempts > 1) return 'answered';
    vi.setSystemTime(Date.now() + FROZEN_MS);
    throw cut;
  });
  expect(await answer).toBe('answered');
});

test('a database that stays away is given up, and what is no outage at once', async () => {
  let attempts = 0;
  const away = patiently(async () => {
    attempts++;
    vi.setSystemTime(Date.now() + FROZEN_MS);
    throw cut;
  });
  await expect(away).rejects.toBe(cut);
  expect(attempts).toBe(2);
  const wrong = new Error('syntax error');
  const attempt = vi.fn().mockRejectedValue(wrong);
  await expect(patiently(attempt)).rejects.toBe(wrong);
  expect(attempt).toHaveBeenCalledTimes(1);
});
