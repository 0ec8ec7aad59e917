import type { Database } from 'better-sqlite3';
import { apiKeys } from './api-keys.ts';
import { changes } from './changes.ts';
import { consentRows } from './consent-rows.ts';
import { consents } from './consents.ts';
import { enrolments } from './enrolments.ts';
import { galleries } from './galleries.ts';
import { livenessSessions } from './liveness-sessions.ts';
import { merges } from './merges.ts';
import { modelUpgrades } from './model-upgrades.ts';
import { operations } from './operations.ts';
import { persons } from './persons.ts';
import { probes } from './probes.ts';
import { rosters } from './rosters.ts';
import { snapshots } from './snapshots.ts';
import type { SyncStore } from './sync-store.ts';
import { templates } from './templates.ts';

export interface Tables extends Omit<SyncStore, 'close'> {
  /** Removes at most `maxPersons` of a deleted gallery or snapshot; false when none is left. */
  eraseSome(maxPersons: number): boolean;
}

/** Every statement of the store, prepared once. */
export function tables(db: Database): Tables {
  const changeFeed = changes(db);
  const galleryTable = galleries(db, changeFeed);
  const rows = consentRows(db);
  const personTable = persons(db, { galleries: galleryTable, changes: changeFeed, consents: rows });
  const parts = { galleries: galleryTable, persons: personTable, changes: changeFeed, consents: rows };
  const snapshotTable = snapshots(db, parts);
  return {
    ...apiKeys(db),
    ...probes(db),
    ...changeFeed,
    ...galleryTable,
    ...personTable,
    ...enrolments(db, parts),
    ...merges(db, parts),
    ...consents(db, parts),
    ...modelUpgrades(db, galleryTable, changeFeed),
    ...templates(db, galleryTable, personTable),
    ...rosters(db, galleryTable, personTable),
    ...operations(db),
    ...livenessSessions(db),
    ...snapshotTable,
    eraseSome: (maxPersons) => galleryTable.eraseSome(maxPersons) || snapshotTable.eraseSome(maxPersons),
  };
}
