import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { KithError } from '../core/errors.ts';
import type { Store } from '../core/storage/store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { type ApiKeysOptions, createApiKeys } from './api-keys.ts';

// The real one, counted
vi.mock('node:crypto', { spy: true });
const compared = vi.mocked(timingSafeEqual);

const opened: Store[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openStore(): Promise<Store> {
  const store = await openSqliteStore({ path: ':memory:' });
  opened.push(store);
  return store;
}

async function setUp(options: Partial<ApiKeysOptions> = {}) {
  const store = await openStore();
  const clock = { ms: 0 };
  const counted = { ...store, reads: 0, listApiKeys };
  function listApiKeys() {
    counted.reads++;
    return store.listApiKeys();
  }
  const keys = createApiKeys(counted, {
    clock: { nowMs: () => 1234 },
    newId: randomUUID,
    monotonicMs: () => clock.ms,
    ...options,
  });
  return { store: counted, clock, keys };
}

test('a key is 256 random bits, known by what it may do, and not stored', async () => {
  const { store, keys } = await setUp();
  const one = await keys.create({ tenantId: 'home', label: 'door 3', permissions: ['enrol', 'search'] });
  const two = await keys.create({ tenantId: 'away', label: 'desk', permissions: ['admin'] });
  expect(one.key).toMatch(/^kith_[A-Za-z0-9_-]{43}$/);
  expect(one.key).not.toBe(two.key);
  expect(await keys.authenticate(one.key)).toEqual({
    tenantId: 'home',
    keyId: one.keyId,
    permissions: new Set(['enrol', 'search']),
  });
  expect((await keys.authenticate(two.key))?.tenantId).toBe('away');
  const stored = (await store.listApiKeys()).find(({ keyId }) => keyId === one.keyId);
  expect(stored).toMatchObject({ label: 'door 3', createdMs: 1234 });
  expect(Buffer.from(stored?.sha256 ?? [])).toEqual(createHash('sha256').update(one.key).digest());
  expect(JSON.stringify(stored)).not.toContain(one.key.slice(5));
});

test('nearly right is wrong', async () => {
  const { keys } = await setUp();
  const { key } = await keys.create({ tenantId: 'home', label: 'x', permissions: ['admin'] });
  const wrong = [
    '',
    'kith_',
    key.slice(0, -1),
    `${key} `,
    ` ${key}`,
    key.toUpperCase(),
    key.replace('kith_', ''),
    `${key}\0`,
  ];
  for (const attempt of [...wrong, 'x'.repeat(100_000), '\ud800'])
    expect(await keys.authenticate(attempt)).toBeUndefined();
});

test('each attempt is held against every key, whole, wherever it matches', async () => {
  const environmentKey = { key: 'x'.repeat(32), tenantId: 'default', permissions: ['admin' as const] };
  const { keys } = await setUp({ environmentKey });
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      keys.create({ tenantId: 'home', label: `door ${i}`, permissions: ['search'] }),
    ),
  );
  const attempts = [environmentKey.key, ...made.map(({ key }) => key), '', 'kith_', 'x'.repeat(100_000)];
  for (const attempt of attempts) {
    compared.mockClear();
    await keys.authenticate(attempt);
    expect(compared.mock.calls.map(([known, presented]) => [known.byteLength, presented.byteLength])).toEqual(
      Array(21).fill([32, 32]),
    );
  }
});

test('a revoked key is refused within a second, a new one is known at once', async () => {
  const { store, clock, keys } = await setUp();
  const { key, keyId } = await keys.create({ tenantId: 'home', label: 'x', permissions: ['admin'] });
  expect(await keys.authenticate(key)).toBeDefined();
  await store.deleteApiKey('home', keyId);
  clock.ms = 1000;
  expect(await keys.authenticate(key)).toBeUndefined();
  const { key: next } = await keys.create({ tenantId: 'home', label: 'y', permissions: ['admin'] });
  expect(await keys.authenticate(next)).toBeDefined();
});

test('the second counts from before the keys were read', async () => {
  const store = await openStore();
  const clock = { ms: 0 };
  const slow = {
    ...store,
    async listApiKeys() {
      const rows = await store.listApiKeys();
      clock.ms += 900;
      return rows;
    },
  };
  const keys = createApiKeys(slow, { clock: { nowMs: () => 0 }, newId: randomUUID, monotonicMs: () => clock.ms });
  const { key, keyId } = await keys.create({ tenantId: 'home', label: 'x', permissions: ['admin'] });
  expect(await keys.authenticate(key)).toBeDefined();
  await store.deleteApiKey('home', keyId);
  clock.ms += 100;
  expect(await keys.authenticate(key)).toBeUndefined();
});

test('the store is asked once a second, however many ask at once', async () => {
  const { store, clock, keys } = await setUp();
  const { key } = await keys.create({ tenantId: 'home', label: 'x', permissions: ['admin'] });
  await Promise.all(Array.from({ length: 50 }, () => keys.authenticate(key)));
  clock.ms = 999;
  await keys.authenticate('wrong');
  expect(store.reads).toBe(1);
  clock.ms = 1000;
  await keys.authenticate('wrong');
  expect(store.reads).toBe(2);
});

test('a store that fails once is asked again at once', async () => {
  const store = await openStore();
  let failing = true;
  const shaky = {
    ...store,
    listApiKeys: () => (failing ? Promise.reject(new Error('disk')) : store.listApiKeys()),
  };
  const keys = createApiKeys(shaky, { clock: { nowMs: () => 0 }, newId: randomUUID });
  const { key } = await keys.create({ tenantId: 'home', label: 'x', permissions: ['admin'] });
  await expect(keys.authenticate(key)).rejects.toThrow('disk');
  failing = false;
  expect(await keys.authenticate(key)).toBeDefined();
});

test("an operator's own key works and is stored nowhere", async () => {
  const key = randomBytes(24).toString('base64');
  const { store, keys } = await setUp({ environmentKey: { key, tenantId: 'default', permissions: ['admin'] } });
  expect(await keys.authenticate(key)).toEqual({
    tenantId: 'default',
    keyId: 'environment',
    permissions: new Set(['admin']),
  });
  expect(await store.listApiKeys()).toEqual([]);
  expect(await keys.authenticate(`${key}x`)).toBeUndefined();
});

test.each(['', 'secret', 'x'.repeat(31)])('an operator\'s key "%s" is too short', async (key) => {
  const attempt = setUp({ environmentKey: { key, tenantId: 'default', permissions: ['admin'] } });
  await expect(attempt).rejects.toThrow(KithError);
  await expect(attempt).rejects.toThrow(/at least 32 characters/);
});
