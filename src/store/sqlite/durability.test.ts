import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { galleryRef, newEnrolment, newPerson, newProbe } from '../../../tests/support/store-contract/samples.ts';
import { openSqliteStore } from './sqlite-store.ts';

const CHILD = fileURLToPath(new URL('../../../tests/support/store-child.ts', import.meta.url));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-durability-'));
  path = join(folder, 'kith.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the child until it has said `lines` things, kills it with -9, then or `delayMs` later, and answers all it said. */
async function runAndKill(args: readonly string[], lines: number, delayMs = 0): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length !== lines) continue;
    if (delayMs === 0) child.kill('SIGKILL');
    else setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return said;
}

function countRows(table: string): number | undefined {
  const db = new SqliteDatabase(path, { readonly: true });
  try {
    return db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get();
  } finally {
    db.close();
  }
}

/** Every byte of the data directory. */
function bytesOnDisk(): Buffer {
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
}

// Processes start and die several times; a busy machine takes its time
describe('after kill -9', { timeout: 180_000 }, () => {
  test('all that was acknowledged is there, and nothing by halves', async () => {
    const ref = galleryRef({ tenantId: 'home' });
    let store = await openSqliteStore({ path });
    await store.createGallery({ ...ref, name: 'g', recognitionModel: 'r', createdMs: 1 });
    const acknowledged: string[] = [];
    for (const lines of [37, 120, 211]) {
      await store.close();
      // A moment that has nothing to do with an acknowledgement
      acknowledged.push(...(await runAndKill([ref.galleryId, 'enrol'], lines, Math.random() * 50)));
      store = await openSqliteStore({ path });
      const persons = new Map(
        (await store.listPersons(ref, { limit: 10_000 })).map(({ personId, enrolmentIds }) => [personId, enrolmentIds]),
      );
      for (const line of acknowledged) {
        const [, personId = '', enrolmentId] = line.split(' ');
        expect(persons.has(personId)).toBe(true);
        if (enrolmentId) expect(persons.get(personId)).toContain(enrolmentId);
      }
      const enrolments = [...persons.values()].flat().length;
      expect(await store.countGallery(ref)).toEqual({ persons: persons.size, enrolments });
      expect(await store.scanEnrolments(0, 10_000)).toHaveLength(enrolments);
      expect(await store.changesAfter(0, 10_000)).toHaveLength(enrolments);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(37 + 120 + 211);
    await store.close();
  });

  test('a gallery that was being emptied stays gone, and the next start empties it', async () => {
    const ref = galleryRef({ tenantId: 'home' });
    let store = await openSqliteStore({ path });
    await store.createGallery({ ...ref, name: 'g', recognitionModel: 'r', createdMs: 1 });
    for (let i = 0; i < 10; i++) {
      const batch = Array.from({ length: 500 }, () => ({ person: newPerson(), enrolments: [newEnrolment()] }));
      await store.importPersons(ref, batch);
    }
    await store.close();
    expect(await runAndKill([ref.galleryId, 'delete'], 1)).toContain('gone');
    expect(countRows('persons')).toBeGreaterThan(0);

    store = await openSqliteStore({ path });
    expect(await store.findGallery(ref)).toBeUndefined();
    expect(await store.scanEnrolments(0, 10)).toEqual([]);
    expect(await store.changesAfter(0, 10_000)).toContainEqual(expect.objectContaining({ op: 'remove-gallery' }));
    await vi.waitFor(() => expect(countRows('galleries')).toBe(0), { timeout: 30_000 });
    for (const table of ['persons', 'enrolments', 'templates']) expect(countRows(table)).toBe(0);
    await store.close();
  });
});

describe('what was deleted', () => {
  test('leaves no byte behind once acknowledged', async () => {
    const canary = (what: string) => new Uint8Array(Buffer.from(`canary-${what}-`.repeat(8)));
    const store = await openSqliteStore({ path });
    const ref = galleryRef({ tenantId: 'home' });
    await store.createGallery({ ...ref, name: 'g', recognitionModel: 'r', createdMs: 1 });
    async function enrol(what: string, userData = `canary-${what}-user-data`) {
      const person = await store.createPerson(
        ref,
        newPerson({ name: `canary-${what}-name`, userData, wrappedKey: canary(`${what}-key`) }),
        1e6,
      );
      const enrolment = newEnrolment({ userData, sealedTemplate: canary(`${what}-template`) });
      await store.addEnrolment(ref, person.personId, enrolment, 248);
      return { personId: person.personId, enrolmentId: enrolment.enrolmentId };
    }
    // Neighbours on the same pages stay, so that pages are rewritten, not dropped
    for (let i = 0; i < 200; i++) await enrol(`stays-${i}`, 'x');
    const gone = await enrol('person');
    const faceOf = await enrol('face');
    await store.insertProbes('home', [newProbe({ sealedTemplate: canary('probe'), expiresMs: 10 })]);
    await store.updatePerson(ref, gone.personId, { name: 'canary-person-second-name' }, 1);
    for (const what of ['person', 'face-template', 'probe'])
      expect(bytesOnDisk().includes(`canary-${what}`)).toBe(true);

    await store.deletePerson(ref, gone.personId);
    expect(bytesOnDisk().includes('canary-person')).toBe(false);
    await store.deleteEnrolment(ref, faceOf.personId, faceOf.enrolmentId);
    expect(bytesOnDisk().includes('canary-face-template')).toBe(false);
    await store.sweepProbes(20);
    expect(bytesOnDisk().includes('canary-probe')).toBe(false);
    expect(bytesOnDisk().includes('canary-stays')).toBe(true);
    await store.deleteGallery(ref);
    expect(bytesOnDisk().includes('canary')).toBe(false);
    await store.close();
  });
});

test('a write of one process is read by another that has the store open', async () => {
  const ref = galleryRef({ tenantId: 'home' });
  const store = await openSqliteStore({ path });
  await store.createGallery({ ...ref, name: 'g', recognitionModel: 'r', createdMs: 1 });
  const before = await store.lastChangeNo();
  const said = await runAndKill([ref.galleryId, 'enrol'], 50);
  const enrolled = said.filter((line) => line.startsWith('enrolment')).length;
  const changes = (await store.changesAfter(before, 1000)) ?? [];
  expect(changes.length).toBeGreaterThanOrEqual(enrolled);
  expect(await store.lastChangeNo()).toBe(changes.at(-1)?.changeNo);
  expect(await store.getSealedEnrolments(changes.map(({ enrolmentNo }) => enrolmentNo))).toHaveLength(changes.length);
  // And the other way round
  await store.createPerson(ref, newPerson(), 1e6);
  await store.close();
});
