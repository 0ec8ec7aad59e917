// npm run bench:store [-- persons]: what the embedded store and the vault do in a second, on a file in the system's
// folder for temporary files. Ratios are of one run; the counts depend on the disk.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEnrolment, SealedEnrolment } from '../src/core/storage/enrolments.ts';
import type { NewPerson } from '../src/core/storage/persons.ts';
import type { GalleryRef } from '../src/core/types.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { openVault } from '../src/vault/vault.ts';
import { printHeading, writeResults } from './report.ts';

const DIMS = 512;
const IMPORT_BATCH = 2000;
const SCAN_BATCH = 5000;
const ROUNDS = 3;
const ENROLMENTS = 400;
const AT_ONCE = 16;
const TENANT_ID = 'bench';

const persons = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), 'kith-bench-store-'));
const path = join(folder, 'kith.db');
const vault = await openVault({ masterKeyPath: join(folder, 'master.key') });
let store = await openSqliteStore({ path });
const gallery = gallerySlot('imported');
const busy = gallerySlot('enrolled');
const vector = new Float32Array(DIMS).fill(1 / Math.sqrt(DIMS));

printHeading(`Store and vault: ${persons} persons with one template of ${DIMS} floats each`);
try {
  for (const ref of [gallery, busy]) {
    await store.createGallery({ ...ref, name: ref.galleryId, recognitionModel: 'bench', createdMs: Date.now() });
  }
  const imported = await importPersons();
  const fileBytesPerTemplate = statSync(path).size / persons;
  const oneAtATime = await enrolPerSecond(1);
  const together = await enrolPerSecond(AT_ONCE);
  const reading = await readAll(() => {});
  const opening = await readAll((row) => vault.openTemplate(row.tenantId, row.wrappedKey, row.sealedTemplate));
  const deletedPerSecond = await deleteGallery();
  const figures = {
    persons,
    importPersons: imported,
    fileBytesPerTemplate,
    enrolmentsPerSecond: { oneAtATime, together, atOnce: AT_ONCE, ratio: together / oneAtATime },
    scan: {
      sealed: reading,
      opened: opening,
      /** How much more work a start has for opening what it reads. */
      ratio: opening.cpuMicrosPerRow / reading.cpuMicrosPerRow,
      openCpuMicrosPerTemplate: opening.cpuMicrosPerRow - reading.cpuMicrosPerRow,
    },
    deletePersonsPerSecond: deletedPerSecond,
  };
  console.log(
    [
      `import          ${round(imported.perSecond)} persons/s in batches of ${IMPORT_BATCH}, ` +
        `${imported.cpuMicrosPerPerson.toFixed(1)} µs of processor time a person`,
      `                (sealing apart: ${imported.sealMicrosPerPerson.toFixed(1)} µs a person, key and template)`,
      `file            ${round(fileBytesPerTemplate)} bytes a person`,
      `enrol, 1 by 1   ${round(oneAtATime)} acknowledged/s`,
      `enrol, ${AT_ONCE} at once ${round(together)} acknowledged/s, ${(together / oneAtATime).toFixed(1)} times as many`,
      `read all        ${round(reading.perSecond)} rows/s, ${reading.cpuMicrosPerRow.toFixed(1)} µs of processor time a row`,
      `read and open   ${round(opening.perSecond)} rows/s, ${opening.cpuMicrosPerRow.toFixed(1)} µs: ` +
        `${figures.scan.ratio.toFixed(1)} times as much`,
      `delete gallery  ${round(deletedPerSecond)} persons/s`,
    ].join('\n'),
  );
  console.log(`\nwritten to ${writeResults('store', figures)}`);
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

function gallerySlot(galleryId: string): GalleryRef {
  return { tenantId: TENANT_ID, kind: 'large-person', galleryId };
}

function newPerson(): NewPerson {
  const personId = randomUUID();
  return { personId, name: `Person ${personId}`, wrappedKey: vault.newPersonKey(TENANT_ID), createdMs: Date.now() };
}

function newEnrolment(wrappedKey: Uint8Array): NewEnrolment {
  return {
    enrolmentId: randomUUID(),
    box: { leftPx: 100, topPx: 80, widthPx: 220, heightPx: 260 },
    quality: { level: 'high', reasons: [] },
    sourceHash: randomUUID(),
    packId: 'bench',
    sealedTemplate: vault.sealTemplate(TENANT_ID, wrappedKey, vector),
    createdMs: Date.now(),
  };
}

async function importPersons() {
  let importMs = 0;
  let sealMs = 0;
  let cpuMicros = 0;
  for (let done = 0; done < persons; done += IMPORT_BATCH) {
    const sealStart = performance.now();
    const batch = Array.from({ length: Math.min(IMPORT_BATCH, persons - done) }, () => {
      const person = newPerson();
      return { person, enrolments: [newEnrolment(person.wrappedKey)] };
    });
    const importStart = performance.now();
    const cpuStart = process.cpuUsage();
    await store.importPersons(gallery, batch);
    const { user, system } = process.cpuUsage(cpuStart);
    cpuMicros += user + system;
    importMs += performance.now() - importStart;
    sealMs += importStart - sealStart;
  }
  return {
    perSecond: (persons * 1000) / importMs,
    /** Of all threads: on a machine that is busy with something else this is what to compare. */
    cpuMicrosPerPerson: cpuMicros / persons,
    sealMicrosPerPerson: (sealMs * 1000) / persons,
  };
}

/** Each caller enrols for a person of its own and waits for the acknowledgement before the next. */
async function enrolPerSecond(callers: number): Promise<number> {
  const targets = await Promise.all(
    Array.from({ length: callers }, async () => {
      const person = newPerson();
      await store.createPerson(busy, person, Number.MAX_SAFE_INTEGER);
      const enrolments = Array.from({ length: ENROLMENTS / callers }, () => newEnrolment(person.wrappedKey));
      return { personId: person.personId, enrolments };
    }),
  );
  const start = performance.now();
  await Promise.all(
    targets.map(async ({ personId, enrolments }) => {
      for (const enrolment of enrolments) await store.addEnrolment(busy, personId, enrolment, ENROLMENTS);
    }),
  );
  return (ENROLMENTS * 1000) / (performance.now() - start);
}

/** As a start fills the index; the best of several rounds, the first of which warms the caches. */
async function readAll(use: (row: SealedEnrolment) => void) {
  let perSecond = 0;
  let cpuMicrosPerRow = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    await store.close();
    store = await openSqliteStore({ path });
    const start = performance.now();
    const cpuStart = process.cpuUsage();
    let rows = 0;
    for (let after = 0; ; ) {
      const batch = await store.scanEnrolments(after, SCAN_BATCH);
      const last = batch.at(-1);
      if (!last) break;
      for (const row of batch) use(row);
      rows += batch.length;
      after = last.enrolmentNo;
    }
    const { user, system } = process.cpuUsage(cpuStart);
    perSecond = Math.max(perSecond, (rows * 1000) / (performance.now() - start));
    cpuMicrosPerRow = Math.min(cpuMicrosPerRow, (user + system) / rows);
  }
  return { perSecond, cpuMicrosPerRow };
}

async function deleteGallery(): Promise<number> {
  const start = performance.now();
  await store.deleteGallery(gallery);
  return (persons * 1000) / (performance.now() - start);
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en');
}
