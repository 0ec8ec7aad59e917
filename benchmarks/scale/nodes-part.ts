// How many photos a second one, two and three nodes identify over one PostgreSQL, and what of the machine that takes. The
// nodes share this machine's cores, so what tells is requests a second of processor time, not of the clock.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { loadConfig } from '../../src/config.ts';
import { calibrateGrownGalleries } from '../../src/core/operations/calibrate-grown-galleries.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { DEFAULT_TENANT } from '../../src/default-tenant.ts';
import { runService } from '../../src/run-service.ts';
import { freePort, startBuiltService } from '../../tests/support/built-service.ts';
import { FACES, type FaceName, portraitOf } from '../../tests/support/photos.ts';
import { importSyntheticPeople } from '../import-synthetic-people.ts';
import { cpuSecondsOf, type MemoryUse, memoryOf } from './process-usage.ts';
import { createScaleDatabase, type ScaleServer } from './scale-server.ts';

const SEED = 20_262;
const REF: GalleryRef = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId: 'town' };
const GALLERY = `/v1/galleries/${REF.galleryId}`;
/** In the gallery; the others in the photos are strangers, but for one of them on another photo. */
const ENROLLED: readonly FaceName[] = ['ann', 'cleo', 'dan'];
const MATES: Partial<Record<FaceName, FaceName>> = { ann: 'ann', annElsewhere: 'ann', cleo: 'cleo', dan: 'dan' };
/** Clients of each node; each asks as soon as it has its answer. */
const CLIENTS_EACH = 4;
/** Up and down again: what else the machine does then shows in the difference of equal ones. */
const ROUNDS = [1, 2, 3, 2, 1];
const MOST_NODES = Math.max(...ROUNDS);
const WARM_UP_S = 3;
const SETTLE_MS = 5000;

interface Node {
  readonly child: ChildProcess;
  readonly client: Pool;
  readonly pid: number;
}

interface Photo {
  readonly name: FaceName;
  readonly bytes: Buffer;
}

interface Round {
  readonly nodes: number;
  readonly requests: number;
  readonly requestsPerS: number;
  readonly nodesCpuS: number;
  readonly databaseCpuS: number;
  /** Of the nodes' processor time; what the database takes beside it is apart. */
  readonly requestsPerCpuS: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export async function measureNodes(
  server: ScaleServer,
  of: { readonly galleries: readonly number[]; readonly seconds: number },
) {
  const database = await createScaleDatabase(server);
  const folder = await mkdtemp(join(tmpdir(), 'kith-scale-'));
  const key = randomBytes(32).toString('base64url');
  const settings = { KITH_STORE: database.plainUrl, KITH_MASTER_KEY: randomBytes(32).toString('base64') };
  const photos = await Promise.all(
    (Object.keys(FACES) as FaceName[]).map(async (name) => ({ name, bytes: await portraitOf(name) })),
  );
  const nodes: Node[] = [];
  const names = new Map<FaceName, string>();
  try {
    const memory = [];
    let rounds: readonly Round[] = [];
    let people = 0;
    for (const [place, size] of of.galleries.entries()) {
      const startMs = performance.now();
      await fill({ ...settings, KITH_DATA_DIR: join(folder, 'filling') }, { from: people, to: size });
      console.log(`${size} people stored after ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
      people = size;
      while (nodes.length < MOST_NODES) await addNode();
      if (place === 0) for (const name of ENROLLED) names.set(name, await enrol(name));
      await askAll(WARM_UP_S);
      await delay(SETTLE_MS);
      memory.push({ faces: size + names.size, nodes: nodes.map(({ pid }) => memoryOf(pid)) });
      if (place === of.galleries.length - 1) rounds = await measureRounds();
      while (nodes.length > 0) await dropNode();
    }
    return reportOf({ memory, rounds, photos, seconds: of.seconds });
  } finally {
    while (nodes.length > 0) await dropNode();
    await rm(folder, { recursive: true, force: true });
    await database.drop();
  }

  async function addNode(): Promise<void> {
    const port = await freePort();
    const dataDir = join(folder, `node-${nodes.length + 1}`);
    const env = { ...settings, KITH_SEARCH_THREADS: '1' };
    const child = await startBuiltService({ dataDir, port, key, env });
    nodes.push({ child, pid: child.pid as number, client: new Pool(`http://127.0.0.1:${port}`) });
  }

  async function dropNode(): Promise<void> {
    const { child, client } = nodes.pop() as Node;
    await client.destroy();
    const closed = once(child, 'close');
    if (child.kill('SIGTERM')) await closed;
  }

  async function measureRounds(): Promise<Round[]> {
    const done: Round[] = [];
    for (const count of ROUNDS) {
      while (nodes.length > count) await dropNode();
      while (nodes.length < count) await addNode();
      await askAll(WARM_UP_S);
      done.push(await measureRound());
      console.log(JSON.stringify(done.at(-1)));
    }
    return done;
  }

  async function measureRound(): Promise<Round> {
    const nodesCpuS = () => nodes.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
    const startMs = performance.now();
    const before = { nodes: nodesCpuS(), database: cpuSecondsOf(server.pid) };
    const ms = await askAll(of.seconds);
    const took = { nodes: nodesCpuS() - before.nodes, database: cpuSecondsOf(server.pid) - before.database };
    return {
      nodes: nodes.length,
      requests: ms.length,
      requestsPerS: (ms.length * 1000) / (performance.now() - startMs),
      nodesCpuS: took.nodes,
      databaseCpuS: took.database,
      requestsPerCpuS: ms.length / took.nodes,
      p50Ms: quantile(ms, 0.5),
      p95Ms: quantile(ms, 0.95),
    };
  }

  /** Milliseconds of each answer. */
  async function askAll(seconds: number): Promise<number[]> {
    const endMs = performance.now() + seconds * 1000;
    const ms: number[] = [];
    const clients = nodes.flatMap(({ client }) => Array.from({ length: CLIENTS_EACH }, () => client));
    await Promise.all(
      clients.map(async (client, lane) => {
        for (let i = lane; performance.now() < endMs; i++) {
          const startMs = performance.now();
          await identify(client, photos[i % photos.length] as Photo);
          ms.push(performance.now() - startMs);
        }
      }),
    );
    return ms;
  }

  /** Throws when anybody else is named than who is on the photo, or nobody who is enrolled. */
  async function identify(client: Pool, { name, bytes }: Photo): Promise<void> {
    const path = `/v1/identify?gallery=${REF.galleryId}`;
    const { faces } = await send(client, { method: 'POST', path, body: bytes, type: 'image/jpeg', status: 200 });
    const mate = MATES[name];
    const named = faces[0]?.outcome === 'match' ? faces[0].candidates[0]?.personId : undefined;
    if (faces.length !== 1 || named !== (mate && names.get(mate))) throw new Error(`${name} was taken for ${named}`);
  }

  async function enrol(name: FaceName): Promise<string> {
    const { client } = nodes[0] as Node;
    const made = { method: 'POST', path: `${GALLERY}/people`, type: 'application/json', status: 201 } as const;
    const { personId } = await send(client, { ...made, body: JSON.stringify({ name }) });
    const face = { method: 'POST', path: `${GALLERY}/people/${personId}/faces?minQuality=low`, status: 201 } as const;
    await send(client, { ...face, type: 'image/jpeg', body: await portraitOf(name) });
    return personId;
  }

  async function send(
    client: Pool,
    request: {
      readonly method: 'POST';
      readonly path: string;
      readonly body: Buffer | string;
      readonly type: string;
      readonly status: number;
    },
  ) {
    const { method, path, body, type, status } = request;
    const headers = { authorization: `Bearer ${key}`, 'content-type': type };
    const answer = await client.request({ method, path, body, headers });
    const text = await answer.body.text();
    if (answer.statusCode !== status) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text);
  }
}

/** Behind the ports of a service of its own, which also fits the gallery's error rates: nodes have nothing left to do. */
async function fill(
  settings: Readonly<Record<string, string>>,
  of: { readonly from: number; readonly to: number },
): Promise<void> {
  const config = loadConfig({
    ...settings,
    KITH_PORT: '0',
    KITH_ENGINE_PROCESSES: '1',
    KITH_LOG_LEVEL: 'silent',
    KITH_API_KEY: randomBytes(32).toString('base64url'),
  });
  const { deps, stop } = await runService(config, () => undefined);
  try {
    if (of.from === 0) {
      const gallery = { ...REF, name: 'Town', recognitionModel: 'recognition_04', createdMs: Date.now() };
      await deps.store.createGallery(gallery);
    }
    await importSyntheticPeople(deps, REF, { seed: SEED, count: of.to - of.from, firstNo: of.from });
    await calibrateGrownGalleries(deps);
  } finally {
    await stop();
  }
}

function reportOf(of: {
  readonly memory: readonly { readonly faces: number; readonly nodes: readonly MemoryUse[] }[];
  readonly rounds: readonly Round[];
  readonly photos: readonly Photo[];
  readonly seconds: number;
}) {
  const { memory, rounds, photos, seconds } = of;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const perNode = memory.map(({ faces, nodes }) => ({
    faces,
    rssBytes: mean(nodes.map(({ rssBytes }) => rssBytes)),
    pssBytes: mean(nodes.map(({ pssBytes }) => pssBytes)),
  }));
  const [first, last] = [perNode[0], perNode.at(-1)];
  const perMillion = (kind: keyof MemoryUse) =>
    first && last && last.faces > first.faces ? ((last[kind] - first[kind]) * 1e6) / (last.faces - first.faces) : null;
  const counts = [...new Set(rounds.map(({ nodes }) => nodes))];
  const throughput = counts.map((nodes) => {
    const same = rounds.filter((round) => round.nodes === nodes);
    const sum = (pick: (round: Round) => number) => same.reduce((all, round) => all + pick(round), 0);
    const requests = sum((round) => round.requests);
    return {
      nodes,
      requestsPerS: mean(same.map(({ requestsPerS }) => requestsPerS)),
      requestsPerCpuS: requests / sum(({ nodesCpuS }) => nodesCpuS),
      databaseCpuMsPerRequest: (sum(({ databaseCpuS }) => databaseCpuS) * 1000) / requests,
    };
  });
  const one = throughput.find(({ nodes }) => nodes === 1)?.requestsPerCpuS ?? Number.NaN;
  const nodes = throughput.map((each) => ({ ...each, ratioToOne: each.requestsPerCpuS / one }));
  console.table(nodes);
  console.table(perNode);
  const photoBytes = Math.round(mean(photos.map(({ bytes }) => bytes.length)));
  return {
    ...{ photos: photos.length, photoBytes, secondsEach: seconds, clientsPerNode: CLIENTS_EACH },
    ...{ nodes, rounds, memoryPerNode: perNode },
    bytesPerMillionFaces: { rss: perMillion('rssBytes'), pss: perMillion('pssBytes') },
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
