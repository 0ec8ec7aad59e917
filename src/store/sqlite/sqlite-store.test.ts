import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { storeContract } from '../../../tests/support/store-contract.ts';
import { openSqliteStore } from './sqlite-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'kith-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite in memory', () => openSqliteStore({ path: ':memory:' }));
storeContract('SQLite in a file', () => openSqliteStore({ path: join(folder, 'kith.db') }));
