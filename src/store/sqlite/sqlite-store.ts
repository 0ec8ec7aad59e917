import type { Store } from '../../core/ports.ts';
import { emptyWal, openDatabase } from './database.ts';
import { tables } from './tables.ts';

/** Persons removed in one go while a deleted gallery is emptied: some 20 ms, so that others get their turn. */
const PERSONS_PER_ERASURE = 200;

/**
 * The store in one SQLite file; `:memory:` for tests. An acknowledged write is on the disk, an acknowledged
 * deletion is overwritten there. A deleted gallery disappears at once and is emptied before the answer.
 */
export async function openSqliteStore({ path }: { readonly path: string }): Promise<Store> {
  const db = openDatabase(path);
  const { eraseSome, ...table } = tables(db);
  let walHoldsErased = true;

  function erased<T>(result: T): T {
    walHoldsErased = true;
    return result;
  }
  function overwriteErased(): void {
    if (walHoldsErased) walHoldsErased = !emptyWal(db);
  }
  async function eraseDeletedGalleries(): Promise<void> {
    while (db.open && eraseSome(PERSONS_PER_ERASURE)) await new Promise(setImmediate);
    if (db.open) overwriteErased();
  }

  // What a crash interrupted
  await eraseDeletedGalleries();

  return {
    async close() {
      db.close();
    },
    insertApiKey: async (...args) => table.insertApiKey(...args),
    listApiKeys: async () => table.listApiKeys(),
    deleteApiKey: async (...args) => table.deleteApiKey(...args),
    createGallery: async (...args) => table.createGallery(...args),
    findGallery: async (...args) => table.findGallery(...args),
    getGallery: async (...args) => table.getGallery(...args),
    listGalleries: async (...args) => table.listGalleries(...args),
    updateGallery: async (...args) => table.updateGallery(...args),
    setTraining: async (...args) => table.setTraining(...args),
    setTail: async (...args) => table.setTail(...args),
    async deleteGallery(...args) {
      const removed = erased(table.deleteGallery(...args));
      await eraseDeletedGalleries();
      return removed;
    },
    countGallery: async (...args) => table.countGallery(...args),
    createPerson: async (...args) => table.createPerson(...args),
    getPerson: async (...args) => table.getPerson(...args),
    findPersonByName: async (...args) => table.findPersonByName(...args),
    listPersons: async (...args) => table.listPersons(...args),
    updatePerson: async (...args) => table.updatePerson(...args),
    async deletePerson(...args) {
      const removed = erased(table.deletePerson(...args));
      overwriteErased();
      return removed;
    },
    getPersonKey: async (...args) => table.getPersonKey(...args),
    addEnrolment: async (...args) => table.addEnrolment(...args),
    importPersons: async (...args) => table.importPersons(...args),
    getEnrolment: async (...args) => table.getEnrolment(...args),
    listEnrolments: async (...args) => table.listEnrolments(...args),
    findEnrolmentBySource: async (...args) => table.findEnrolmentBySource(...args),
    updateEnrolment: async (...args) => table.updateEnrolment(...args),
    async deleteEnrolment(...args) {
      const removed = erased(table.deleteEnrolment(...args));
      overwriteErased();
      return removed;
    },
    sealedEnrolmentsOf: async (...args) => table.sealedEnrolmentsOf(...args),
    sampleEnrolments: async (...args) => table.sampleEnrolments(...args),
    resolvePersons: async (...args) => table.resolvePersons(...args),
    createRoster: async (...args) => table.createRoster(...args),
    getRoster: async (...args) => table.getRoster(...args),
    listRosters: async (...args) => table.listRosters(...args),
    updateRoster: async (...args) => table.updateRoster(...args),
    deleteRoster: async (...args) => table.deleteRoster(...args),
    listRosterPersons: async (...args) => table.listRosterPersons(...args),
    listRostersOfPerson: async (...args) => table.listRostersOfPerson(...args),
    rosterPersonNos: async (...args) => table.rosterPersonNos(...args),
    personNosOf: async (...args) => table.personNosOf(...args),
    beginSnapshot: async (...args) => table.beginSnapshot(...args),
    copyToSnapshot: async (...args) => table.copyToSnapshot(...args),
    finishSnapshot: async (...args) => table.finishSnapshot(...args),
    getSnapshot: async (...args) => table.getSnapshot(...args),
    listSnapshots: async (...args) => table.listSnapshots(...args),
    updateSnapshot: async (...args) => table.updateSnapshot(...args),
    async deleteSnapshot(...args) {
      erased(table.deleteSnapshot(...args));
      overwriteErased();
    },
    async sweepSnapshots(...args) {
      const swept = table.sweepSnapshots(...args);
      if (swept > 0) erased(swept);
      overwriteErased();
      return swept;
    },
    createGalleryFromSnapshot: async (...args) => table.createGalleryFromSnapshot(...args),
    copyFromSnapshot: async (...args) => table.copyFromSnapshot(...args),
    insertLivenessSession: async (...args) => table.insertLivenessSession(...args),
    findLivenessSession: async (...args) => table.findLivenessSession(...args),
    listLivenessSessions: async (...args) => table.listLivenessSessions(...args),
    async deleteLivenessSession(...args) {
      const removed = erased(table.deleteLivenessSession(...args));
      overwriteErased();
      return removed;
    },
    async sweepLivenessSessions(...args) {
      const swept = table.sweepLivenessSessions(...args);
      if (swept > 0) erased(swept);
      overwriteErased();
      return swept;
    },
    insertOperation: async (...args) => table.insertOperation(...args),
    updateOperation: async (...args) => table.updateOperation(...args),
    findOperation: async (...args) => table.findOperation(...args),
    listRunningOperations: async () => table.listRunningOperations(),
    sweepOperations: async (...args) => table.sweepOperations(...args),
    insertProbes: async (...args) => table.insertProbes(...args),
    findProbes: async (...args) => table.findProbes(...args),
    async sweepProbes(...args) {
      const swept = table.sweepProbes(...args);
      if (swept > 0) erased(swept);
      overwriteErased();
      return swept;
    },
    scanEnrolments: async (...args) => table.scanEnrolments(...args),
    getSealedEnrolments: async (...args) => table.getSealedEnrolments(...args),
    lastChangeNo: async () => table.lastChangeNo(),
    changesAfter: async (...args) => table.changesAfter(...args),
    trimChanges: async (...args) => table.trimChanges(...args),
  };
}
