import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['tests/support/build.ts'],
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    // Face models run in the tests: two files at once fill two cores
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
