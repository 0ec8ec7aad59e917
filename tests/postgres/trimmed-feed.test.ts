// A reader that stood still while the feed was trimmed: it begins anew, and misses neither who came nor who was erased.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChangeTrimmer } from '../../src/core/operations/trim-changes.ts';
import type { GalleryIndex } from '../../src/core/ports.ts';
import type { Store } from '../../src/core/storage/store.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { fillIndex, type KeptIndex } from '../../src/kept-index.ts';
import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { openDatabaseIndex } from '../../src/search/postgres/postgres-index.ts';
import { followSharedIndex } from '../../src/shared-index.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool, type PrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { openVault } from '../../src/vault/vault.ts';
import { type TestSchema, testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { directions, enrolSynthetic, type SyntheticParts } from '../support/synthetic-gallery.ts';

const REF: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'town' };
const HOUR_MS = 3_600_000;

describe.skipIf(SHARED_POSTGRES === undefined)(
  `a trimmed feed (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    let schema: TestSchema;
    let vault: Awaited<ReturnType<typeof openVault>>;
    let folder: string;
    const pools: PrimaryPool[] = [];
    const opened: GalleryIndex[] = [];

    beforeAll(async () => {
      schema = testSchema();
      vault = await openVault({ masterKey: randomBytes(32) });
      folder = await mkdtemp(join(tmpdir(), 'kith-trimmed-'));
      const { store } = await startNode('memory');
      await store.createGallery({ ...REF, name: 'Town', recognitionModel: 'recognition_04', createdMs: 0 });
    });
    afterAll(async () => {
      await Promise.all(opened.map((index) => index.close()));
      await Promise.all(pools.map((pool) => pool.close()));
      await schema.drop();
      await rm(folder, { recursive: true });
    });

    async function startNode(searchIn: 'memory' | 'database') {
      const pool = openPrimaryPool(schema.url);
      pools.push(pool);
      const store = await openPostgresStore({ pool, nodeId: randomUUID() });
      const parts = {
        ...{ store, vault, onProgress: () => undefined },
        onUnreadable: (_enrolmentNo: number, error: unknown) => {
          throw error;
        },
      };
      const openIndex = () => createGalleryIndex({ threads: 1 });
      const kept: KeptIndex =
        searchIn === 'memory'
          ? await fillIndex({ ...parts, openIndex, path: join(folder, randomUUID()) })
          : await followSharedIndex({ ...parts, index: await openDatabaseIndex({ pool }) });
      opened.push(kept.index);
      return { store, vault, index: kept.index, kept, follower: kept.follower };
    }
    type Node = Awaited<ReturnType<typeof startNode>>;

    /** What the chores of a node do within an hour. */
    async function trim(store: Store, followedNo: number): Promise<void> {
      let nowMs = Date.now();
      const trimChanges = createChangeTrimmer({ store, clock: { nowMs: () => nowMs } });
      await trimChanges(followedNo);
      nowMs += HOUR_MS;
      await trimChanges(followedNo);
    }

    const next = directions(7);

    /** Enrols ten and erases some of those that were there. */
    async function change(node: Node): Promise<readonly Float32Array[]> {
      const people = Array.from({ length: 10 }, (_, i) => ({ name: `person ${i}`, vectors: [next()] }));
      for (const { personId } of await node.store.listPersons(REF, { limit: 3 })) {
        await node.store.deletePerson(REF, personId);
      }
      await enrolSynthetic(node as unknown as SyntheticParts, REF, people);
      return people.map(({ vectors }) => vectors[0] as Float32Array);
    }

    async function hitsOf({ store, index }: Node, vectors: readonly Float32Array[]) {
      const { galleryNo } = await store.getGallery(REF);
      const found = [];
      for (const vector of vectors) {
        const { hits } = await index.search(galleryNo, { vector, maxPersons: 1, minScore: 0.9 });
        found.push(hits.map(({ enrolmentNo }) => enrolmentNo));
      }
      return { found, size: await index.size(galleryNo) };
    }

    test('what is younger than an hour, or not followed by all, is kept', async () => {
      const node = await startNode('memory');
      const before = node.follower.changeNo;
      await change(node);
      await trim(node.store, before);
      expect(await node.store.changesAfter(before, 100)).toHaveLength(node.follower.changeNo - before);
      let nowMs = Date.now();
      const trimChanges = createChangeTrimmer({ store: node.store, clock: { nowMs: () => nowMs } });
      for (let minute = 0; minute < 60; minute++) {
        await trimChanges(node.follower.changeNo);
        nowMs += 60_000;
      }
      expect(await node.store.changesAfter(before, 100)).toHaveLength(node.follower.changeNo - before);
      await trimChanges(node.follower.changeNo);
      expect(await node.store.changesAfter(before, 100)).toBeUndefined();
    });

    test.each(['memory', 'database'] as const)('a node that searches in %s and was frozen', async (searchIn) => {
      const live = await startNode('memory');
      const early = await change(live);
      const frozen = await startNode(searchIn);
      const late = [...(await change(live)), ...(await change(live))];
      await trim(live.store, live.follower.changeNo);
      expect(await live.store.changesAfter(frozen.follower.changeNo, 1)).toBeUndefined();
      await Promise.all([frozen.follower.catchUp(), frozen.follower.catchUp()]);
      const all = [...early, ...late];
      const [here, there] = [await hitsOf(live, all), await hitsOf(frozen, all)];
      expect(there).toEqual(here);
      expect(here.found.filter((hits) => hits.length > 0).length).toBeGreaterThan(20);
      // And goes on as before
      const more = await change(live);
      await frozen.follower.catchUp();
      expect(await hitsOf(frozen, more)).toEqual(await hitsOf(live, more));
    });

    test('what others have put into the shared index meanwhile needs no filling', async () => {
      const frozen = await startNode('database');
      const live = await startNode('database');
      const vectors = await change(live);
      await live.kept.saveIfStale();
      await trim(live.store, live.follower.changeNo);
      let scans = 0;
      const scan = frozen.store.scanEnrolments;
      (frozen.store as { scanEnrolments: typeof scan }).scanEnrolments = (...args) => {
        scans += 1;
        return scan(...args);
      };
      await frozen.follower.catchUp();
      expect(scans).toBe(0);
      expect(frozen.follower.changeNo).toBe(live.follower.changeNo);
      expect(await hitsOf(frozen, vectors)).toEqual(await hitsOf(live, vectors));
    });
  },
);
