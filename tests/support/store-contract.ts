// What every store has to do, whatever engine is under it. Each engine's own test file calls this.
import { afterAll, beforeAll, describe } from 'vitest';
import type { Store } from '../../src/core/storage/store.ts';
import { accessContract } from './store-contract/access.ts';
import { changeFeedContract } from './store-contract/change-feed.ts';
import { concurrencyContract } from './store-contract/concurrency.ts';
import { consentsContract } from './store-contract/consents.ts';
import { dismissedPairsContract } from './store-contract/dismissed-pairs.ts';
import { enrolmentsContract } from './store-contract/enrolments.ts';
import { erasuresContract } from './store-contract/erasures.ts';
import { galleriesContract } from './store-contract/galleries.ts';
import { longWorkContract } from './store-contract/long-work.ts';
import { mergesContract } from './store-contract/merges.ts';
import { modelUpgradesContract } from './store-contract/model-upgrades.ts';
import { personsContract } from './store-contract/persons.ts';
import { probesContract } from './store-contract/probes.ts';
import { reviewsContract } from './store-contract/reviews.ts';
import { rostersContract } from './store-contract/rosters.ts';
import { searchContract } from './store-contract/search.ts';
import { snapshotsContract } from './store-contract/snapshots.ts';
import { usesContract } from './store-contract/uses.ts';

/** Each test works under a tenant of its own, so one store serves them all and islands are tested throughout. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let opened: Store | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.close();
    });
    const store = (): Store => {
      if (!opened) throw new Error('the store is not open');
      return opened;
    };

    describe('galleries', () => galleriesContract(store));
    describe('persons', () => personsContract(store));
    describe('enrolments', () => enrolmentsContract(store));
    describe('consent', () => consentsContract(store));
    describe('erasures', () => erasuresContract(store));
    describe('uses', () => usesContract(store));
    describe('merges and moves', () => mergesContract(store));
    describe('pairs that were said to be two people', () => dismissedPairsContract(store));
    describe('reviews', () => reviewsContract(store));
    describe('changes of the model', () => modelUpgradesContract(store));
    describe('what a search needs', () => searchContract(store));
    describe('the change feed', () => changeFeedContract(store));
    describe('probes', () => probesContract(store));
    describe('rosters', () => rostersContract(store));
    describe('snapshots', () => snapshotsContract(store));
    describe('operations and liveness sessions', () => longWorkContract(store));
    describe('API keys', () => accessContract(store));
    describe('many at once', () => concurrencyContract(store));
  });
}
