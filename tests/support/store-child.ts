// A process that writes to a store and says what was acknowledged, line by line, until it is killed.
// Arguments: database file, gallery id, `enrol` | `delete`.
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { galleryRef, newEnrolment, newPerson } from './store-contract/samples.ts';

const WRITERS = 8;

const [path = '', galleryId = '', work = ''] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const ref = galleryRef({ tenantId: 'home', galleryId });

/** Synchronous: what the parent reads was acknowledged, whenever the end comes. */
function acknowledge(line: string): void {
  writeSync(1, `${line}\n`);
}

async function enrolForever(): Promise<void> {
  for (;;) {
    const { personId } = await store.createPerson(ref, newPerson(), 1e6);
    acknowledge(`person ${personId}`);
    for (let i = 0; i < 3; i++) {
      const { enrolmentId } = await store.addEnrolment(ref, personId, newEnrolment(), 248);
      acknowledge(`enrolment ${personId} ${enrolmentId}`);
    }
  }
}

if (work === 'enrol') {
  await Promise.all(Array.from({ length: WRITERS }, enrolForever));
} else {
  const deleting = store.deleteGallery(ref);
  for (;;) {
    if ((await store.findGallery(ref)) === undefined) break;
    await new Promise(setImmediate);
  }
  acknowledge('gone');
  await deleting;
  acknowledge('deleted');
}
