// Several nodes over one database: what one acknowledges every other knows, and none of what may befall them loses it.
// The long form, in which a node is frozen for 30 seconds: npm run test:nodes
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { type PostgresServer, SHARED_POSTGRES, startPostgres, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { clientOf, type Send } from '../support/service-client.ts';

const SECONDS = Number(process.env.NODES_SECONDS ?? 8);
const KEY = 'a-key-for-several-nodes-that-is-long-enough';
/** A second, and what three photos take on a machine that is busy with other things. */
const FOUND_WITHIN_MS = 1000 + 10_000;
/** A second, and what two rounds of requests take on such a machine. */
const KNOWN_WITHIN_MS = 1000 + 4000;
/** After a freeze: what was changed meanwhile, on the same machine. */
const CAUGHT_UP_WITHIN_MS = 10_000;
const CLUB = '/v1/galleries/club';
const FACES: readonly FaceName[] = ['ann', 'bob', 'cleo', 'dan'];

interface Node {
  readonly send: Send;
  /** As the database knows it. */
  readonly name: string;
  readonly dataDir: string;
  child: ChildProcess;
  start(): Promise<void>;
}

describe.skipIf(SHARED_POSTGRES === undefined)(
  `several nodes (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    let database: PostgresServer;
    const masterKey = randomBytes(32).toString('base64');
    const photos = new Map<FaceName, Buffer>();
    const nodes: Node[] = [];
    const started: Node[] = [];
    let folder: string;

    async function startNode(settings: Readonly<Record<string, string>> = {}): Promise<Node> {
      const port = await freePort();
      const dataDir = join(folder, `node-${port}`);
      const env = { KITH_STORE: database.url, KITH_MASTER_KEY: masterKey, KITH_SEARCH_THREADS: '1', ...settings };
      const node: Node = {
        send: clientOf(port, KEY),
        name: `${hostname()}:${port}`,
        dataDir,
        child: await startBuiltService({ dataDir, port, key: KEY, env }),
        async start() {
          node.child = await startBuiltService({ dataDir, port, key: KEY, env });
        },
      };
      started.push(node);
      return node;
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kith-nodes-'));
      database = await startPostgres();
      for (const name of FACES) photos.set(name, await portraitOf(name));
      for (let i = 0; i < 3; i++) nodes.push(await startNode());
      expect((await at(0).send('PUT', CLUB, {}))?.status).toBe(201);
    }, 240_000);
    afterAll(async () => {
      for (const { child } of started) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
      }
      const alive = started.filter(({ child }) => child.exitCode === null && child.signalCode === null);
      await Promise.all(alive.map(({ child }) => once(child, 'close')));
      await rm(folder, { recursive: true, force: true });
      await database.remove();
    });

    const at = (place: number): Node => nodes[place] as Node;
    const photo = (name: FaceName): Buffer => photos.get(name) as Buffer;

    async function enrol(send: Send, name: string, face: FaceName): Promise<string | undefined> {
      const made = await send('POST', `${CLUB}/people`, { name });
      if (made?.status !== 201) return undefined;
      const enrolled = await send('POST', `${CLUB}/people/${made.json.personId}/faces?minQuality=low`, photo(face));
      return enrolled?.status === 201 ? made.json.personId : undefined;
    }

    async function namesOf(send: Send, face: FaceName): Promise<readonly string[]> {
      const seen = await send('POST', '/v1/identify?gallery=club', photo(face));
      expect(seen?.status).toBe(200);
      return (seen?.json.faces[0]?.candidates ?? []).map(({ personId }: { personId: string }) => personId);
    }

    /** Up to which change each node says that it has followed the others. */
    async function followed(): Promise<ReadonlyMap<string, number>> {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        const { rows } = await client.query('SELECT name, change_no FROM kith.nodes');
        return new Map(rows.map(({ name, change_no }) => [name, Number(change_no)]));
      } finally {
        await client.end();
      }
    }

    const facesIn = async (send: Send): Promise<number> => (await send('GET', '/v1/status'))?.json.faces;

    test('what one node enrols every other finds within a second, and what one erases is nowhere from then on', async () => {
      const personId = (await enrol(at(0).send, 'Ann', 'ann')) as string;
      const enrolledMs = performance.now();
      for (const { send } of nodes) {
        while (!(await namesOf(send, 'ann')).includes(personId)) {
          expect(performance.now() - enrolledMs).toBeLessThan(FOUND_WITHIN_MS);
        }
      }
      const erased = await at(1).send('DELETE', `${CLUB}/people/${personId}`);
      expect(erased?.status).toBe(200);
      expect(erased?.json.receipt.unconfirmedNodes).toBeUndefined();
      for (const { send } of nodes) {
        expect(await facesIn(send)).toBe(0);
        expect(await namesOf(send, 'ann')).toEqual([]);
      }
    });

    test('a key made at one node is good at the others within a second, and one revoked is refused', async () => {
      const made = await at(0).send('POST', '/v1/keys', { label: 'desk', permissions: ['search'] });
      expect(made?.status).toBe(201);
      const { keyId, key } = made?.json ?? {};
      const statuses = () =>
        Promise.all(nodes.map(async ({ send }) => (await send('GET', '/v1/galleries', undefined, key))?.status));
      await expect.poll(statuses, { timeout: KNOWN_WITHIN_MS }).toEqual([200, 200, 200]);
      await at(1).send('DELETE', `/v1/keys/${keyId}`);
      await expect.poll(statuses, { timeout: KNOWN_WITHIN_MS }).toEqual([401, 401, 401]);
    });

    test('an erasure that a frozen node has not confirmed says so; awake, it names nobody who is gone, though the feed was trimmed', async () => {
      const personId = (await enrol(at(0).send, 'Bob', 'bob')) as string;
      expect(await namesOf(at(2).send, 'bob')).toEqual([personId]);
      at(2).child.kill('SIGSTOP');
      const erased = await at(0).send('DELETE', `${CLUB}/people/${personId}`);
      expect(erased?.json.receipt.unconfirmedNodes).toHaveLength(1);
      // As if it had stood still for more than an hour
      const came = (await enrol(at(1).send, 'Dan', 'dan')) as string;
      const pool = openPrimaryPool(database.url);
      const store = await openPostgresStore({ pool, nodeId: 'trims' });
      await store.trimChanges(await store.lastChangeNo(), 1000);
      await pool.close();
      at(2).child.kill('SIGCONT');
      expect(await namesOf(at(2).send, 'bob')).toEqual([]);
      while (!(await namesOf(at(2).send, 'dan')).includes(came)) await delay(20);
      expect(await facesIn(at(2).send)).toBe(await facesIn(at(1).send));
      expect((await at(2).send('DELETE', `${CLUB}/people/${came}`))?.status).toBe(200);
    });

    test('a node that searches in the database finds who the others enrolled, killed meanwhile or not, and nobody who was erased, beside it or through it', async () => {
      const node = await startNode({ KITH_SEARCH: 'postgres' });
      const { send } = node;
      const personId = (await enrol(at(0).send, 'Cleo', 'cleo')) as string;
      while (!(await namesOf(send, 'cleo')).includes(personId)) await delay(20);
      expect((await send('GET', '/v1/status'))?.json).toMatchObject({ faces: 1, fastKernel: true });
      node.child.kill('SIGKILL');
      await once(node.child, 'close');
      await node.start();
      expect(await namesOf(send, 'cleo')).toEqual([personId]);
      const erased = await at(0).send('DELETE', `${CLUB}/people/${personId}`);
      expect(erased?.json.receipt.unconfirmedNodes).toBeUndefined();
      expect(await namesOf(send, 'cleo')).toEqual([]);
      expect(await facesIn(send)).toBe(0);

      // Through this node, which has nobody in its own memory to erase
      const again = (await enrol(send, 'Cleo', 'cleo')) as string;
      expect(await namesOf(send, 'cleo')).toEqual([again]);
      while (!(await namesOf(at(1).send, 'cleo')).includes(again)) await delay(20);
      const gone = await send('DELETE', `${CLUB}/people/${again}`);
      expect(gone).toMatchObject({ status: 200, json: { receipt: { removed: { persons: 1, templates: 1 } } } });
      expect(gone?.json.receipt.unconfirmedNodes).toBeUndefined();
      for (const each of [send, at(0).send, at(1).send, at(2).send]) expect(await namesOf(each, 'cleo')).toEqual([]);
      expect(await facesIn(send)).toBe(0);
      const closed = once(node.child, 'close');
      node.child.kill('SIGTERM');
      expect(await closed).toEqual([0, null]);
    });

    test(
      `one killed, one frozen, the database restarted, all within ${SECONDS} s of work: nothing acknowledged is lost`,
      async () => {
        const people = new Map<string, FaceName>();
        const erased = new Set<string>();
        const unsure = new Set<string>();
        const refused: string[] = [];
        const dead = new Set<Node>();
        let isOver = false;

        async function work(node: Node): Promise<void> {
          while (!isOver) {
            if (dead.has(node)) {
              await delay(20);
              continue;
            }
            const face = FACES[Math.floor(Math.random() * FACES.length)] as FaceName;
            const deed = Math.random();
            const wasAlive = !dead.has(node);
            if (deed < 0.4) {
              const made = await node.send('POST', `${CLUB}/people`, { name: `person ${deed}` });
              if (made && made.status >= 500) refused.push(`create ${made.status} ${JSON.stringify(made.json)}`);
              if (made?.status !== 201) continue;
              const { personId } = made.json;
              const enrolled = await node.send('POST', `${CLUB}/people/${personId}/faces?minQuality=low`, photo(face));
              if (enrolled?.status === 201) people.set(personId, face);
              else if (wasAlive && !dead.has(node))
                refused.push(`enrol ${enrolled?.status} ${JSON.stringify(enrolled?.json)}`);
            } else if (deed < 0.6) {
              const [personId] = [...people.keys()].filter((id) => !unsure.has(id));
              if (personId === undefined) continue;
              unsure.add(personId);
              const gone = await node.send('DELETE', `${CLUB}/people/${personId}`);
              if (gone?.status !== 200) {
                if (wasAlive && !dead.has(node)) refused.push(`erase ${gone?.status} ${JSON.stringify(gone?.json)}`);
                continue;
              }
              people.delete(personId);
              erased.add(personId);
            } else {
              const before = new Set(erased);
              const seen = await node.send('POST', '/v1/identify?gallery=club', photo(face));
              if (seen?.status !== 200) {
                if (!dead.has(node)) refused.push(`identify ${seen?.status} ${JSON.stringify(seen?.json)}`);
                continue;
              }
              for (const { personId } of seen.json.faces[0]?.candidates ?? []) {
                expect(before.has(personId), `${personId} was erased before it was asked`).toBe(false);
              }
            }
          }
        }

        const lanes = nodes.flatMap((node) => [work(node), work(node)]);
        await delay((SECONDS * 1000) / 4);
        dead.add(at(0));
        const closed = once(at(0).child, 'close');
        at(0).child.kill('SIGKILL');
        await closed;
        at(1).child.kill('SIGSTOP');
        await delay((SECONDS * 1000) / 4);
        await database.halt('fast');
        await database.resume();
        await delay((SECONDS * 1000) / 4);
        const stopped = await followed();
        const newestNo = Math.max(...stopped.values());
        const missed = newestNo - (stopped.get(at(1).name) ?? 0);
        at(1).child.kill('SIGCONT');
        const wokenMs = performance.now();
        const caughtUp = (async () => {
          while (((await followed()).get(at(1).name) ?? 0) < newestNo) await delay(10);
          return performance.now() - wokenMs;
        })();
        await at(0).start();
        const startMs = performance.now() - wokenMs;
        dead.clear();
        const caughtUpMs = await caughtUp;
        await delay((SECONDS * 1000) / 4);
        isOver = true;
        await Promise.all(lanes);

        expect(refused).toEqual([]);
        expect(missed).toBeGreaterThan(0);
        expect(caughtUpMs).toBeLessThan(CAUGHT_UP_WITHIN_MS);
        expect(people.size + erased.size).toBeGreaterThan(10);
        for (const { send } of nodes) {
          for (const [personId, face] of people) {
            if (unsure.has(personId)) continue;
            const found = await send('GET', `${CLUB}/people/${personId}`);
            expect([found?.status, found?.json.faceIds?.length], `${personId} with a face of ${face}`).toEqual([
              200, 1,
            ]);
          }
          for (const personId of [...erased].slice(-20)) {
            expect((await send('GET', `${CLUB}/people/${personId}`))?.status).toBe(404);
          }
          expect(await facesIn(send)).toBe((await send('GET', CLUB))?.json.faces);
        }
        for (const { dataDir } of nodes) {
          const { isIntact } = await verifyAudit({ folder: join(dataDir, 'audit') });
          expect(isIntact).toBe(true);
        }
        console.log(
          `${people.size} people there, ${erased.size} erased; frozen for ${SECONDS / 2} s a node missed ${missed} changes ` +
            `and had caught up in ${Math.round(caughtUpMs)} ms; the one killed was back in ${Math.round(startMs)} ms`,
        );
      },
      300_000 + SECONDS * 2000,
    );
  },
);
