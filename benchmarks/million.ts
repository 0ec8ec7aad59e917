// A million people end to end: templates of made-up people behind the ports, real faces through the front door, Azure's
// own client over HTTPS, and enrolments going on meanwhile. `npm run bench:million -- --people 1000000`.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getLongRunningPoller, isUnexpected } from '@azure-rest/ai-vision-face';
import { makeCertificates } from '../src/cli/certificates.ts';
import { loadConfig } from '../src/config.ts';
import type { GalleryRef } from '../src/core/types.ts';
import { DEFAULT_TENANT } from '../src/default-tenant.ts';
import { runService } from '../src/run-service.ts';
import { newerClient } from '../tests/support/azure-clients.ts';
import { type FaceName, portraitOf } from '../tests/support/photos.ts';
import { importSyntheticPeople } from './import-synthetic-people.ts';
import { printHeading, writeResults } from './report.ts';

const GALLERY = 'million';
const REF: GalleryRef = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId: GALLERY };
/** Enrolled from photos through Azure's door, and a newcomer while searches go on: they are among the people. */
const FRONT_DOOR: readonly FaceName[] = ['ann', 'cleo', 'dan'];
const NEWCOMERS = 1;
const MODELS = { recognitionModel: 'recognition_04', detectionModel: 'detection_03' } as const;

const { values: flags } = parseArgs({
  options: { people: { type: 'string', default: '1000000' }, searches: { type: 'string', default: '200' } },
});
const people = Number(flags.people);
const searches = Number(flags.searches);

printHeading(`Identify among ${people.toLocaleString('en')} people, end to end`);
const folder = await mkdtemp(join(tmpdir(), 'kith-million-'));
const key = randomBytes(32).toString('base64url');
const { ca, server } = await makeCertificates();
await writeFile(join(folder, 'server.pem'), server.cert);
await writeFile(join(folder, 'server.key'), server.key, { mode: 0o600 });
const config = loadConfig({
  KITH_PORT: '0',
  KITH_DATA_DIR: join(folder, 'data'),
  KITH_API_KEY: key,
  KITH_TLS_CERT: join(folder, 'server.pem'),
  KITH_TLS_KEY: join(folder, 'server.key'),
  KITH_LOG_LEVEL: 'silent',
});

let service = await runService(config, () => {});
try {
  const figures = await measure();
  console.log(figures);
  console.log(`\nWritten to ${writeResults('million', figures)}`);
} finally {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measure() {
  let client = newerClient({ url: service.url, key, ca: ca.cert });
  await check(
    client
      .path('/largepersongroups/{largePersonGroupId}', GALLERY)
      .put({ body: { name: 'All', recognitionModel: MODELS.recognitionModel } }),
  );

  const importStart = performance.now();
  await importSyntheticPeople(service.deps, REF, {
    seed: 20_26,
    count: people - FRONT_DOOR.length - NEWCOMERS,
  });
  const importS = seconds(importStart);
  const indexStart = performance.now();
  await service.deps.follower.catchUp();
  console.log(
    `${people} people: stored in ${importS.toFixed(1)} s, last ones in the index ${seconds(indexStart).toFixed(1)} s later`,
  );

  const stopStart = performance.now();
  await service.stop();
  const stopS = seconds(stopStart);
  const startStart = performance.now();
  service = await runService(config, () => {});
  const startS = seconds(startStart);
  console.log(`stopped in ${stopS.toFixed(1)} s, ready again in ${startS.toFixed(1)} s`);
  client = newerClient({ url: service.url, key, ca: ca.cert });

  const persons = new Map<FaceName, string>();
  for (const name of FRONT_DOOR) {
    const personId = await createPerson(name);
    persons.set(name, personId);
    await addFace(personId, await portraitOf(name));
  }
  const train = await client.path('/largepersongroups/{largePersonGroupId}/train', GALLERY).post();
  await (await getLongRunningPoller(client, train as never)).pollUntilDone();

  const mate = { photo: await portraitOf('annElsewhere'), personId: persons.get('ann') ?? '' };
  const stranger = await portraitOf('bob');
  const named = await identify(mate.photo);
  const strangerNamed = (await identify(stranger)).personId !== undefined;

  const quiet = await timeSearches(mate);
  let enrolled = 0;
  let isEnrolling = true;
  const enrolling = (async () => {
    const person = await createPerson('Newcomer');
    while (isEnrolling && enrolled < 240) {
      await addFace(person, stranger);
      enrolled++;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const busy = await timeSearches(mate);
  isEnrolling = false;
  await enrolling;
  const { enrolments } = await service.deps.index.size((await service.deps.store.getGallery(REF)).galleryNo);
  const stats = await service.deps.index.stats();
  return {
    people,
    importS,
    restartS: startS,
    enrolmentsInIndex: enrolments,
    indexBytesPerTemplate: Math.round(stats.reservedBytes / stats.enrolments),
    residentMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
    photoBytes: mate.photo.length,
    mateNamed: named.personId === mate.personId,
    mateConfidence: named.confidence,
    strangerNamed,
    alone: quiet,
    whileEnrolling: { ...busy, enrolled },
  };

  async function createPerson(name: string): Promise<string> {
    const { body } = await check(
      client.path('/largepersongroups/{largePersonGroupId}/persons', GALLERY).post({ body: { name } }),
    );
    return (body as { personId: string }).personId;
  }

  async function addFace(personId: string, photo: Buffer): Promise<void> {
    await check(
      client.path('/largepersongroups/{largePersonGroupId}/persons/{personId}/persistedfaces', GALLERY, personId).post({
        contentType: 'application/octet-stream',
        body: new Uint8Array(photo),
        queryParameters: { detectionModel: MODELS.detectionModel },
      } as never),
    );
  }

  async function identify(photo: Buffer): Promise<{ personId?: string; confidence?: number }> {
    const { body: found } = await check(
      client.path('/detect').post({
        contentType: 'application/octet-stream',
        body: new Uint8Array(photo),
        queryParameters: { ...MODELS, returnFaceId: true, faceIdTimeToLive: 60 },
      }),
    );
    const [face] = found as { faceId: string }[];
    const { body } = await check(
      client.path('/identify').post({ body: { faceIds: [face?.faceId ?? ''], largePersonGroupId: GALLERY } }),
    );
    return (body as { candidates: { personId: string; confidence: number }[] }[])[0]?.candidates[0] ?? {};
  }

  async function timeSearches({ photo, personId }: { readonly photo: Buffer; readonly personId: string }) {
    const elapsedMs: number[] = [];
    for (let i = 0; i < searches; i++) {
      const start = performance.now();
      const named = await identify(photo);
      elapsedMs.push(performance.now() - start);
      if (named.personId !== personId) throw new Error('somebody else was named');
    }
    elapsedMs.sort((a, b) => a - b);
    const at = (share: number): number => elapsedMs[Math.floor(share * (elapsedMs.length - 1))] as number;
    return { searches, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

async function check<T extends { status: string; body: unknown }>(work: PromiseLike<T>): Promise<T> {
  const response = await work;
  if (isUnexpected(response as never)) throw new Error(`${response.status} ${JSON.stringify(response.body)}`);
  return response;
}

function seconds(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}
