import { availableParallelism } from 'node:os';
import { expect, vi } from 'vitest';
import { kith, recordsOf } from '../support/kith-command.ts';
import { testWhole } from '../support/whole-suite.ts';

vi.setConfig({ testTimeout: 120_000 });

testWhole('the machine is measured: what it is, photos a second, and a search among so many people', async () => {
  const { code, stdout, stderr } = await kith(['bench', '--people', '3000', '--seconds', '1', '--json', '--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [machine, photos, search, ...rest] = recordsOf(stdout);
  expect(rest).toEqual([]);
  expect(machine).toEqual({
    type: 'machine',
    cpu: expect.any(String),
    cores: availableParallelism(),
    node: process.versions.node,
  });
  expect(photos).toMatchObject({ type: 'photos', processes: 1 });
  expect(Number(photos?.photos)).toBeGreaterThanOrEqual(6);
  expect(Number(photos?.facesPerPhoto)).toBeGreaterThan(2);
  // One process: what it takes for a photo and how many it reads a second are two sides of one thing
  const photosPerSecond = Number(photos?.photosPerSecond);
  expect(photosPerSecond * (Number(photos?.aloneMs) / 1000)).toBeGreaterThan(0.2);
  expect(photosPerSecond * (Number(photos?.aloneMs) / 1000)).toBeLessThan(5);
  expect(search).toMatchObject({ type: 'search', people: 3000, dims: expect.any(Number) });
  expect(Number(search?.p95Ms)).toBeGreaterThanOrEqual(Number(search?.p50Ms));
  // Templates of 8 bits at least
  expect(Number(search?.memoryBytes)).toBeGreaterThan(3000 * Number(search?.dims));
});
