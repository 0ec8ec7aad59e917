// The search inside a real PostgreSQL: what every index does, and what only one that several nodes share has to do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexRow } from '../../src/core/ports.ts';
import { type DatabaseIndexOptions, openDatabaseIndex } from '../../src/search/postgres/postgres-index.ts';
import { embeddingMaker } from '../search/embeddings.ts';
import { testGalleryIndex } from '../support/gallery-index-contract.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';

const databases: TestDatabase[] = [];

async function newDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  databases.push(database);
  return database;
}

async function open(options: Omit<DatabaseIndexOptions, 'pool'> = {}) {
  const database = await newDatabase();
  return openDatabaseIndex({ pool: database.openPool({ max: 4 }), connections: 4, ...options });
}

if (SHARED_POSTGRES === undefined) console.warn(`tests/postgres/search.test.ts skipped: ${WITHOUT_POSTGRES}`);

describe.skipIf(SHARED_POSTGRES === undefined)('the search inside PostgreSQL', () => {
  afterAll(async () => {
    for (const database of databases) await database.drop();
  });

  testGalleryIndex({
    open: () => open(),
    openForced: () => open({ exactRows: 0 }),
    ways: [
      { name: 'exactly', dims: 128, open: () => open() },
      { name: 'by level codes', dims: 512, open: () => open({ exactRows: 0 }) },
      { name: 'by level codes, padded', dims: 200, open: () => open({ exactRows: 0 }) },
    ],
    numRuns: 8,
    large: 10_000,
    weakMates: 30,
    neighbours: 200,
    approximateFrom: 0.5,
  });

  describe('shared by several nodes', () => {
    const make = embeddingMaker(128, 7);
    const row = (personNo: number, enrolmentNo: number): IndexRow => ({
      personNo,
      enrolmentNo,
      vector: make.stranger(),
    });
    let database: TestDatabase;

    beforeAll(async () => {
      database = await newDatabase();
    });

    const openNode = (options: Omit<DatabaseIndexOptions, 'pool'> = {}) =>
      openDatabaseIndex({ pool: database.openPool({ max: 3 }), ...options });

    test('opens on an empty database by all at once', async () => {
      const nodes = await Promise.all(Array.from({ length: 6 }, () => openNode()));
      await Promise.all(nodes.map((node, i) => node.add(1, [row(1, i % 2)], 1)));
      for (const node of nodes) expect(await node.size(1)).toEqual({ enrolments: 2, persons: 1 });
    });

    test('is changed once, however many nodes say so', async () => {
      const nodes = await Promise.all([openNode(), openNode(), openNode()]);
      const rows = Array.from({ length: 300 }, (_, i) => row(i >> 1, i));
      await Promise.all(nodes.map((node, i) => node.add(2, rows, 300 + i)));
      for (const node of nodes) expect(await node.size(2)).toEqual({ enrolments: 300, persons: 150 });
      const gone = rows.filter((_, i) => i % 3 === 0).map(({ enrolmentNo }) => enrolmentNo);
      await Promise.all(
        nodes.map((node) =>
          node.remove(
            2,
            gone,
            gone.map((_, i) => 400 + i),
          ),
        ),
      );
      for (const node of nodes) expect(await node.size(2)).toEqual({ enrolments: 200, persons: 150 });
    });

    test('is not undone by a node that lags behind', async () => {
      const [fast, slow] = await Promise.all([openNode(), openNode()]);
      const erased = row(1, 10);
      await fast.add(3, [erased], 5);
      await fast.remove(3, [10], [6]);
      // Read from the store before it was erased, added after
      await slow.add(3, [erased], 5);
      expect(await slow.size(3)).toEqual({ enrolments: 0, persons: 0 });
      // Its consent was given anew: the old removal comes late
      await fast.add(3, [erased], 8);
      await slow.remove(3, [10], [6]);
      expect((await slow.search(3, { vector: erased.vector, maxPersons: 1, minScore: 0.9 })).hits).toHaveLength(1);
      // Moved to another person: the old one comes late
      await fast.add(3, [{ ...erased, personNo: 2 }], 11);
      await slow.add(3, [erased], 9);
      const { hits } = await slow.search(3, { vector: erased.vector, maxPersons: 2, minScore: 0.9 });
      expect(hits).toMatchObject([{ personNo: 2, enrolmentNo: 10 }]);
      // The gallery was turned with another key: templates of before come late, even of another length
      await fast.removeGallery(3, 12);
      await slow.add(3, [erased], 11);
      expect(await slow.size(3)).toEqual({ enrolments: 0, persons: 0 });
      await fast.add(3, [{ ...erased, vector: embeddingMaker(256, 1).stranger() }], 13);
      await slow.add(3, [erased], 11);
      await slow.removeGallery(3, 12);
      expect(await slow.size(3)).toEqual({ enrolments: 1, persons: 1 });
    });

    test('is what the store is, whatever way the nodes took through its changes', async () => {
      type Change = { readonly op: 'add' | 'remove'; readonly enrolmentNo: number; readonly personNo: number };
      const vectors = Array.from({ length: 40 }, () => make.stranger());
      const feed: Change[] = [];
      const store = new Map<number, number>();
      const nodes = await Promise.all([openNode(), openNode(), openNode()]);
      let checked = 0;
      let isWriting = true;

      /** No node finds it from the first one's acknowledgement on, unless it is added anew. */
      const expectGone = async (enrolmentNo: number, removedNo: number): Promise<void> => {
        const isAddedAnew = (): boolean =>
          feed.slice(removedNo).some((change) => change.op === 'add' && change.enrolmentNo === enrolmentNo);
        if (isAddedAnew()) return;
        const vector = vectors[enrolmentNo] as Float32Array;
        const node = nodes[Math.floor(Math.random() * nodes.length)] as (typeof nodes)[number];
        const { hits } = await node.search(4, { vector, maxPersons: 1, minScore: 0.98 });
        if (isAddedAnew()) return;
        expect(hits).toEqual([]);
        checked++;
      };
      const follow = async (node: (typeof nodes)[number], longestPauseMs: number): Promise<void> => {
        let done = 0;
        while (isWriting || done < feed.length) {
          const batch = feed.slice(done, done + 1 + Math.floor(Math.random() * 12));
          const changeNo = done + batch.length;
          const removed = batch.flatMap((change, i) => (change.op === 'remove' ? [{ change, no: done + i + 1 }] : []));
          await node.remove(
            4,
            removed.map(({ change }) => change.enrolmentNo),
            removed.map(({ no }) => no),
          );
          for (const { change, no } of removed) await expectGone(change.enrolmentNo, no);
          const added = new Set(batch.filter(({ op }) => op === 'add').map(({ enrolmentNo }) => enrolmentNo));
          const rows = [...added].flatMap((enrolmentNo) => {
            const personNo = store.get(enrolmentNo);
            return personNo === undefined
              ? []
              : [{ enrolmentNo, personNo, vector: vectors[enrolmentNo] as Float32Array }];
          });
          await new Promise((resolve) => setTimeout(resolve, Math.random() * longestPauseMs));
          if (rows.length > 0) await node.add(4, rows, changeNo);
          done = changeNo;
        }
      };
      const write = async (): Promise<void> => {
        for (let i = 0; i < 160; i++) {
          const enrolmentNo = Math.floor(Math.random() * vectors.length);
          const wasThere = store.has(enrolmentNo);
          const personNo = 1 + Math.floor(Math.random() * 9);
          if (wasThere) {
            store.delete(enrolmentNo);
            feed.push({ op: 'remove', enrolmentNo, personNo });
          }
          if (!wasThere || Math.random() < 0.3) {
            store.set(enrolmentNo, personNo);
            feed.push({ op: 'add', enrolmentNo, personNo });
          }
          if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        }
        isWriting = false;
      };
      await Promise.all([write(), ...nodes.map((node, i) => follow(node, [1, 8, 25][i] as number))]);

      const persons = new Set(store.values());
      expect(checked).toBeGreaterThan(20);
      for (const node of nodes) {
        expect(await node.size(4)).toEqual({ enrolments: store.size, persons: persons.size });
        for (const [enrolmentNo, vector] of vectors.entries()) {
          const { hits } = await node.search(4, { vector, maxPersons: 1, minScore: 0.98 });
          const personNo = store.get(enrolmentNo);
          expect(hits.map((hit) => hit.personNo)).toEqual(personNo === undefined ? [] : [personNo]);
        }
      }
    });

    test('is filled by one node while the others wait, from the beginning if one died at it', async () => {
      const [node, other] = await Promise.all([openNode(), openNode()]);
      expect(await node.followedChangeNo()).toBeUndefined();
      await node.noteFollowed(41);
      await other.noteFollowed(40);
      expect(await other.followedChangeNo()).toBe(41);
      await node.add(5, [row(1, 1)], 1);
      await other.forgetFollowed(40);
      expect(await other.fillOnce(() => Promise.reject(new Error('it is filled')))).toBe(41);
      await other.forgetFollowed(41);
      expect(await node.followedChangeNo()).toBeUndefined();
      const search = (by: typeof node) => by.search(5, { vector: make.stranger(), maxPersons: 1, minScore: -1 });
      const refused = { problem: { kind: 'unavailable' } };
      expect((await search(node)).hits).toHaveLength(1);
      let filled = 0;
      const fill = (by: typeof node) =>
        by.fillOnce(async () => {
          expect(await by.size(5)).toEqual({ enrolments: 0, persons: 0 });
          await by.add(5, [row(2, 2), row(3, 3)], 50);
          await node.noteFollowed(49);
          for (const each of [node, other]) await expect(search(each)).rejects.toMatchObject(refused);
          filled++;
          return 50;
        });
      const half = node.fillOnce(async () => {
        await node.add(5, [row(4, 4)], 45);
        throw new Error('died half-way');
      });
      await expect(half).rejects.toThrow('died half-way');
      await expect(search(other)).rejects.toMatchObject(refused);
      expect(await Promise.all([fill(node), fill(other), fill(other)])).toEqual([50, 50, 50]);
      expect(filled).toBe(1);
      expect((await search(other)).hits).toHaveLength(1);
      expect(await node.size(5)).toEqual({ enrolments: 2, persons: 2 });
      expect(await other.stats()).toMatchObject({ galleries: 1, enrolments: 2, kernel: 'database' });
    });

    test('refuses tables of a newer Kith, and a database without pgvector, in words', async () => {
      const other = await newDatabase();
      const pool = other.openPool();
      await openDatabaseIndex({ pool });
      await pool.query('UPDATE kith_vector_state SET schema_version = 99');
      await expect(openDatabaseIndex({ pool })).rejects.toThrow('of a newer Kith (99');
      const bare = await newDatabase();
      await bare
        .openPool()
        .query('CREATE ROLE kith_nobody_much LOGIN')
        .catch(() => undefined);
      const asNobody = bare.openPool({ options: '-c role=kith_nobody_much' });
      await expect(openDatabaseIndex({ pool: asNobody })).rejects.toThrow('CREATE EXTENSION vector');
    });
  });

  describe('in trouble', () => {
    const make = embeddingMaker(128, 8);
    const rows = Array.from({ length: 500 }, (_, i) => ({ personNo: i, enrolmentNo: i, vector: make.stranger() }));
    const [first] = rows as [IndexRow];
    const query = { vector: first.vector, maxPersons: 1, minScore: 0.9 };

    test('stops in the database when its caller goes, and has its connections back', async () => {
      const database = await newDatabase();
      const pool = database.openPool({ max: 1 });
      const index = await openDatabaseIndex({ pool });
      await index.add(1, rows);
      const other = database.openPool({ max: 2 });
      const blocker = await other.connect();
      await blocker.query('BEGIN; LOCK TABLE kith_vectors_128 IN ACCESS EXCLUSIVE MODE');
      // Not asked within a transaction, which sees what was active when it first asked
      const waiting =
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND wait_event_type = 'Lock'";
      const [holding, queued] = [new AbortController(), new AbortController()];
      const held = index.search(1, query, holding.signal);
      const behind = index.search(1, query, queued.signal);
      const outcomes = Promise.allSettled([held, behind]);
      const patiently = { timeout: 20_000 };
      try {
        await expect.poll(async () => (await other.query(waiting)).rows[0].n, patiently).toBe(1);
        queued.abort(new Error('the second went'));
        holding.abort(new Error('the first went'));
        expect(await outcomes).toMatchObject([
          { status: 'rejected', reason: { message: 'the first went' } },
          { status: 'rejected', reason: { message: 'the second went' } },
        ]);
        await expect.poll(async () => (await other.query(waiting)).rows[0].n, patiently).toBe(0);
      } finally {
        await blocker.query('ROLLBACK');
        blocker.release();
      }
      expect((await index.search(1, query)).hits).toMatchObject([{ enrolmentNo: first.enrolmentNo }]);
      await expect(index.search(1, query, AbortSignal.abort(new Error('gone before')))).rejects.toThrow('gone before');
      expect((await index.stats()).queued).toBe(0);
    });

    test('goes on when its connections are cut, and says so when there is no database', async () => {
      const database = await newDatabase();
      const index = await openDatabaseIndex({ pool: database.openPool({ max: 4, application_name: 'to-be-cut' }) });
      await index.add(1, rows);
      const other = database.openPool();
      const cut = () =>
        other.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to-be-cut'");
      let isSearching = true;
      const counts = { answered: 0, unavailable: 0 };
      const search = async (): Promise<void> => {
        while (isSearching) {
          const outcome = await index.search(1, query).catch((error) => error);
          if ('hits' in outcome) {
            expect(outcome.hits).toMatchObject([{ enrolmentNo: first.enrolmentNo }]);
            counts.answered++;
          } else {
            expect(outcome).toMatchObject({ problem: { kind: 'unavailable', retryAfterS: expect.any(Number) } });
            counts.unavailable++;
          }
        }
      };
      const searching = Promise.all([search(), search(), search()]);
      for (let i = 0; i < 8 || counts.answered < 20; i++) {
        await cut();
        await index.add(1, [{ personNo: 1000 + i, enrolmentNo: 1000 + i, vector: make.stranger() }]);
        await index.remove(1, [1000 + i]);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      isSearching = false;
      await searching;
      // Whoever is cut twice in a row is told so
      expect(counts.unavailable).toBeLessThan(counts.answered / 2);
      expect(await index.size(1)).toEqual({ enrolments: 500, persons: 500 });

      const nowhere = new URL(database.url);
      nowhere.port = '1';
      const refused = openDatabaseIndex({ pool: database.openPool({ connectionString: nowhere.href }) });
      await expect(refused).rejects.toMatchObject({ problem: { kind: 'unavailable', part: 'store' } });
    });

    test('refuses searches beyond those that may wait, with a time to come back', async () => {
      const index = await open({ maxQueued: 5 });
      await index.add(1, rows);
      const searches = await Promise.allSettled(Array.from({ length: 12 }, () => index.search(1, query)));
      const refused = searches.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(refused).toHaveLength(7);
      for (const error of refused) expect(error).toMatchObject({ problem: { kind: 'busy', retryAfterS: 1 } });
      expect(await index.stats()).toMatchObject({ queued: 0, refusedBusy: 7, searches: 5 });
    });

    test('finds other persons behind one with very many enrolments, and takes lists of any size', async () => {
      for (const exactRows of [0, 100_000]) {
        const index = await open({ exactRows });
        const crowd = Array.from({ length: 600 }, (_, i) => ({
          personNo: 7,
          enrolmentNo: 10_000 + i,
          vector: make.mate(first.vector, 0.9),
        }));
        await index.add(1, [...rows, ...crowd]);
        const wanted = { vector: first.vector, maxPersons: 3, minScore: -1 };
        const { hits } = await index.search(1, wanted);
        expect(hits.map(({ personNo }) => personNo).slice(0, 2)).toEqual([first.personNo, 7]);
        expect(hits).toHaveLength(3);
        const everybody = Uint32Array.from({ length: 200_000 }, (_, i) => i);
        expect((await index.search(1, { ...wanted, allowPersonNos: everybody })).hits).toEqual(hits);
        const odd = await index.search(1, { ...wanted, allowPersonNos: [7, 7, 1.5, -3, Number.NaN, 2 ** 60] });
        expect(odd).toMatchObject({ hits: [{ personNo: 7 }], searched: 601 });
      }
    });
  });
});
