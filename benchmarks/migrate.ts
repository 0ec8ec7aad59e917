// npm run bench:migrate [-- persons]: how long what is stored takes into PostgreSQL and back, and how much room it needs on
// either side. On a server that scripts/postgres-test.sh starts; in durations the machine's disk counts most.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { NewPerson } from '../src/core/storage/persons.ts';
import { moveRows } from '../src/store/move/move-rows.ts';
import { openPostgresTarget, readPostgresRows } from '../src/store/move/postgres-rows.ts';
import { type OpenedRows, type OpenedTarget, openSqliteTarget, readSqliteRows } from '../src/store/move/sqlite-rows.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { printHeading, writeResults } from './report.ts';

const BATCH = 2000;
/** 512 numbers of 32 bits, a nonce and a tag. */
const SEALED_BYTES = 2048 + 28;
const GALLERY = { tenantId: 'bench', kind: 'large-person', galleryId: 'moved' } as const;

const server = process.env.KITH_TEST_POSTGRES;
if (server === undefined) throw new Error('No KITH_TEST_POSTGRES: npm run bench:migrate starts a server and sets it');
const url = `${server}?schema=bench_migrate`;
const persons = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), 'kith-bench-migrate-'));

printHeading(`Into PostgreSQL and back: ${persons} persons with one template of ${SEALED_BYTES} sealed bytes each`);
try {
  const path = join(folder, 'kith.db');
  await fill(path);
  const fileBytes = statSync(path).size;
  const out = await seconds(async () =>
    move(await readSqliteRows(path), await openPostgresTarget(url, { anew: true })),
  );
  const databaseBytes = await sizeInDatabase();
  const returned = join(folder, 'returned.db');
  const back = await seconds(async () =>
    move(await readPostgresRows(url), await openSqliteTarget(returned, { anew: false })),
  );
  const figures = {
    persons,
    outPersonsPerS: persons / out,
    backPersonsPerS: persons / back,
    fileBytesPerPerson: fileBytes / persons,
    databaseBytesPerPerson: databaseBytes / persons,
  };
  console.log(
    [
      `into PostgreSQL ${Math.round(figures.outPersonsPerS)} persons/s, compared on both sides`,
      `and back        ${Math.round(figures.backPersonsPerS)} persons/s`,
      `file            ${Math.round(figures.fileBytesPerPerson)} bytes a person`,
      `database        ${Math.round(figures.databaseBytesPerPerson)} bytes a person, indexes included`,
    ].join('\n'),
  );
  console.log(`\nwritten to ${writeResults('migrate', figures)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function fill(path: string): Promise<void> {
  const store = await openSqliteStore({ path });
  const createdMs = Date.now();
  await store.createGallery({ ...GALLERY, name: 'moved', recognitionModel: 'bench', createdMs });
  for (let start = 0; start < persons; start += BATCH) {
    const length = Math.min(BATCH, persons - start);
    await store.importPersons(
      GALLERY,
      Array.from({ length }, () => ({ person: newPerson(createdMs), enrolments: [newEnrolment(createdMs)] })),
    );
  }
  await store.close();
}

function newPerson(createdMs: number): NewPerson {
  const personId = randomUUID();
  return { personId, name: `Person ${personId}`, wrappedKey: randomBytes(60), createdMs };
}

function newEnrolment(createdMs: number) {
  return {
    enrolmentId: randomUUID(),
    box: { leftPx: 100, topPx: 80, widthPx: 220, heightPx: 260 },
    quality: { level: 'high' as const, reasons: [] },
    packId: 'bench',
    sealedTemplate: randomBytes(SEALED_BYTES),
    createdMs,
  };
}

async function move(from: OpenedRows, into: OpenedTarget): Promise<void> {
  const { signal } = new AbortController();
  await moveRows({ from: from.rows, into: into.rows, onProgress: () => undefined, signal });
  await into.finish();
  await into.close();
  await from.close();
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function sizeInDatabase(): Promise<number> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT sum(pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass)) AS bytes
     FROM pg_tables WHERE schemaname = 'bench_migrate'`,
  );
  await client.end();
  return Number(rows[0]?.bytes);
}
