// Nodes that search inside the database they keep everything in: KITH_SEARCH=postgres.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GalleryRef } from '../../src/core/types.ts';
import { openDatabaseIndex } from '../../src/search/postgres/postgres-index.ts';
import { followSharedIndex } from '../../src/shared-index.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool, type PrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { openVault } from '../../src/vault/vault.ts';
import { testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { directions, enrolSynthetic, near, type SyntheticParts } from '../support/synthetic-gallery.ts';

const REF: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'town' };

describe.skipIf(SHARED_POSTGRES === undefined)(
  `a shared index (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    const schema = testSchema();
    const pools: PrimaryPool[] = [];
    let vault: Awaited<ReturnType<typeof openVault>>;

    beforeAll(async () => {
      vault = await openVault({ masterKey: randomBytes(32) });
    });
    afterAll(async () => {
      await Promise.all(pools.map((pool) => pool.close()));
      await schema.drop();
    });

    async function startNode() {
      const pool = openPrimaryPool(schema.url);
      pools.push(pool);
      const store = await openPostgresStore({ pool, nodeId: randomUUID() });
      const index = await openDatabaseIndex({ pool });
      const progress: number[] = [];
      const filled = await followSharedIndex({
        store,
        vault,
        index,
        onUnreadable: (_enrolmentNo, error) => {
          throw error;
        },
        onProgress: (rows) => progress.push(rows),
      });
      return { store, vault, index, filled, progress, follower: filled.follower };
    }
    type Node = Awaited<ReturnType<typeof startNode>>;

    const next = directions(3);
    const people = Array.from({ length: 40 }, (_, i) => ({ name: `person ${i}`, vectors: [next(), next()] }));

    test('is filled once, found by every node, and rid of whom one of them erases', async () => {
      const first = await startNode();
      await first.store.createGallery({ ...REF, name: 'Town', recognitionModel: 'recognition_04', createdMs: 0 });
      const { galleryNo } = await first.store.getGallery(REF);
      // enrolSynthetic asks for a store, a vault and a follower
      const enrol = (node: Node, some: typeof people) => enrolSynthetic(node as unknown as SyntheticParts, REF, some);
      const personIds = await enrol(first, people.slice(0, 30));
      const second = await startNode();
      await enrol(second, people.slice(30));
      const find = async (node: Node, place: number) => {
        const vector = near(people[place]?.vectors[1] as Float32Array, 0.9, next);
        const { hits } = await node.index.search(galleryNo, { vector, maxPersons: 1, minScore: 0.5 });
        return (await node.store.resolvePersons(REF, hits, 9)).map(({ personName }) => personName);
      };
      for (const node of [first, second]) {
        for (const place of [0, 29, 30, 39]) expect(await find(node, place)).toEqual([`person ${place}`]);
        expect(await node.index.size(galleryNo)).toEqual({ enrolments: 80, persons: 40 });
      }

      await first.store.deletePerson(REF, personIds[0] as string);
      await first.follower.catchUp();
      const vector = people[0]?.vectors[0] as Float32Array;
      const query = { vector, maxPersons: 1, minScore: 0.5 };
      expect((await second.index.search(galleryNo, query)).hits).toEqual([]);
      // The other one hears of it later, and of the enrolment before it
      await second.follower.catchUp();
      expect((await second.index.search(galleryNo, query)).hits).toEqual([]);

      await first.filled.saveIfStale();
      const third = await startNode();
      expect(third.progress).toEqual([]);
      expect(await find(third, 39)).toEqual(['person 39']);
    });

    test('is filled anew when it knows more than the store', async () => {
      const node = await startNode();
      const { galleryNo } = await node.store.getGallery(REF);
      const gone = { personNo: 9e6, enrolmentNo: 9e6, vector: next() };
      await node.index.add(galleryNo, [gone], 9e6);
      await node.index.noteFollowed(9e6);
      const [again, beside] = await Promise.all([startNode(), startNode()]);
      expect([...again.progress, ...beside.progress]).toEqual([78]);
      expect(await again.index.size(galleryNo)).toEqual({ enrolments: 78, persons: 39 });
      const { hits } = await beside.index.search(galleryNo, { vector: gone.vector, maxPersons: 1, minScore: 0.9 });
      expect(hits).toEqual([]);
      expect(await again.index.followedChangeNo()).toBe(await again.store.lastChangeNo());
    });
  },
);
