import { test } from 'vitest';

export const isWholeSuite = process.env.KITH_TESTS === 'all';

/** What takes minutes is left to `npm run test:whole`; of the console, to `npm run test:browser`. */
export const testWhole = test.skipIf(!isWholeSuite);
