import type { Store } from '../../core/storage/store.ts';
import { apiKeys } from './api-keys.ts';
import { applyErasures } from './apply-erasures.ts';
import { changes } from './changes.ts';
import type { Connection } from './connection.ts';
import { consentRows } from './consent-rows.ts';
import { consents } from './consents.ts';
import { dismissedPairs } from './dismissed-pairs.ts';
import { enrolments } from './enrolments.ts';
import { erasures } from './erasures.ts';
import { galleries } from './galleries.ts';
import { livenessSessions } from './liveness-sessions.ts';
import { merges } from './merges.ts';
import { modelUpgrades } from './model-upgrades.ts';
import { operations } from './operations.ts';
import { persons } from './persons.ts';
import { probes } from './probes.ts';
import { rekeys } from './rekeys.ts';
import { reviews } from './reviews.ts';
import { rosters } from './rosters.ts';
import { sealedRows } from './sealed-rows.ts';
import { snapshots } from './snapshots.ts';
import { templates } from './templates.ts';
import { tenants } from './tenants.ts';
import { uses } from './uses.ts';

export interface Tables extends Omit<Store, 'close'> {
  /** Removes at most `maxPersons` of a deleted gallery or snapshot; false when none is left. */
  eraseSome(maxPersons: number): Promise<boolean>;
}

/** Every statement of the store, prepared once. */
export function tables(db: Connection, nodeId: string): Tables {
  const shared = { changes: changes(db), consents: consentRows(db), erasures: erasures(db, nodeId) };
  const galleryTable = galleries(db, shared);
  const personTable = persons(db, { ...shared, galleries: galleryTable });
  const parts = { ...shared, galleries: galleryTable, persons: personTable };
  const pairTable = dismissedPairs(db, parts);
  const snapshotTable = snapshots(db, parts);
  const keyTable = apiKeys(db, shared);
  const people = {
    ...galleryTable,
    ...personTable,
    ...enrolments(db, parts),
    ...consents(db, parts),
    ...snapshotTable,
  };
  return {
    ...keyTable,
    ...probes(db),
    ...shared.changes,
    ...shared.erasures,
    ...people,
    ...tenants(db, { ...people, ...keyTable }),
    ...applyErasures(db, { ...shared.erasures, ...people, ...keyTable }),
    ...pairTable,
    ...merges(db, { ...parts, dismissedPairs: pairTable }),
    ...reviews(db, parts),
    ...uses(db, parts),
    ...modelUpgrades(db, galleryTable, shared),
    ...sealedRows(db),
    ...rekeys(db, galleryTable, shared),
    ...templates(db, galleryTable, personTable),
    ...rosters(db, galleryTable, personTable),
    ...operations(db, nodeId),
    ...livenessSessions(db),
    eraseSome: async (maxPersons) => galleryTable.eraseSome(maxPersons) || snapshotTable.eraseSome(maxPersons),
  };
}
