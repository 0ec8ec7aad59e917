// npm run bench:trust [-- --people 1000000]: what sealing, turning and recording cost. The same operations on the same
// photos in turns, once as the service does them and once without a vault and a log: which is no setting of the product,
// only of this file. Then a start with so many people, from templates that are sealed and from ones that aren't.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openAuditLog } from '../src/audit/audit-log.ts';
import { startIndexFollower } from '../src/core/index-follower.ts';
import { enrolFace } from '../src/core/operations/enrol-face.ts';
import { identifyPhoto } from '../src/core/operations/identify-photo.ts';
import { createGallery } from '../src/core/operations/manage-galleries.ts';
import { createPerson } from '../src/core/operations/manage-persons.ts';
import { createPersonUses } from '../src/core/person-uses.ts';
import type { Audit, FaceEngine, Vault } from '../src/core/ports.ts';
import type { GalleryRef } from '../src/core/types.ts';
import { fillIndex } from '../src/kept-index.ts';
import { createGalleryIndex } from '../src/search/gallery-index.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { openVault } from '../src/vault/vault.ts';
import { createFaceEngine } from '../src/vision/face-engine.ts';
import { printHeading, writeResults } from './report.ts';
import { syntheticPeople } from './synthetic-templates.ts';

const { values: flags } = parseArgs({
  options: { people: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '60' } },
});
const people = Number(flags.people);
const rounds = Number(flags.rounds);
const TENANT = 'bench';
const REF: GalleryRef = { tenantId: TENANT, kind: 'large-person', galleryId: 'club' };
const BATCH = 2000;
const START_ROUNDS = 2;
const clock = { nowMs: Date.now };

/** Keeps templates as they come. */
const OPEN_VAULT: Vault = {
  newPersonKey: () => new Uint8Array(61),
  newTransformKey: () => new Uint8Array(61),
  turn: (_tenantId, _key, vector) => vector,
  turnBack: (_tenantId, _key, vector) => vector,
  sealTemplate: (_tenantId, _key, vector) => bytesOf(vector),
  openTemplate: (_tenantId, _key, sealed) => new Float32Array(new Uint8Array(sealed).buffer),
  sealPhoto: (_tenantId, _key, photo) => photo,
  openPhoto: (_tenantId, _key, sealed) => sealed,
  sealProbe: (_tenantId, vector) => bytesOf(vector),
  openProbe: (_tenantId, sealed) => new Float32Array(new Uint8Array(sealed).buffer),
  sealIndexPiece: (piece) => piece,
  openIndexPiece: (sealed) => sealed,
  sessionToken: () => '',
  isRotating: false,
  refresh: () => false,
  canOpen: () => true,
  sealAnew: () => undefined,
  endRotation: () => undefined,
};
const NO_AUDIT: Audit = { record: async () => ({ chain: 'none', seq: 0 }) };

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
}

printHeading('The cost of trust');
const folder = mkdtempSync(join(tmpdir(), 'kith-bench-trust-'));
const engine = await createFaceEngine({ processes: 1 });
try {
  const operations = await timeOperations();
  const start = await timeStart();
  const figures = { date: new Date().toISOString(), rounds, people, ...operations, ...start };
  for (const [name, { withMs, withoutMs, ratio }] of Object.entries({ ...operations, ...start })) {
    console.log(
      `${name.padEnd(24)} ${withMs.toFixed(1)} ms with, ${withoutMs.toFixed(1)} ms without: ${ratio.toFixed(3)}`,
    );
  }
  console.log(`\nwritten to ${writeResults('trust', figures)}`);
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

async function open(name: string, vault: Vault, audit: Audit, shared: FaceEngine) {
  const store = await openSqliteStore({ path: join(folder, `${name}.db`) });
  const index = await createGalleryIndex();
  const onUnreadable = (no: number, cause: unknown) => {
    throw new Error(`template ${no} can't be opened`, { cause });
  };
  const follower = await startIndexFollower({ store, vault, index, onUnreadable }, () => undefined);
  const deps = {
    ...{ store, vault, index, follower, audit, clock, engine: shared, newId: randomUUID },
    uses: createPersonUses({ store, clock }),
    auditLog: { actingAs: () => audit, close: async () => undefined },
    recognitionModels: new Map([['recognition_04', 'fast']]),
  };
  const gallery = await createGallery(deps, REF, { name: 'Club', recognitionModel: 'recognition_04' });
  const { personId } = await createPerson(deps, REF, { name: 'Somebody' });
  const close = async () => {
    await index.close();
    await store.close();
  };
  return { deps, gallery, personId, close };
}

async function timeOperations() {
  const demo = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
  const photos = readdirSync(demo)
    .filter((name) => /^sample\d\.jpg$/.test(name))
    .map((name) => readFileSync(join(demo, name)));
  const log = await openAuditLog({ folder: join(folder, 'audit'), clock, part: 'service' });
  const vault = await openVault({ masterKeyPath: join(folder, 'master.key') });
  const trusted = await open('with', vault, log.actingAs({ tenantId: TENANT, keyId: 'bench' }), engine);
  const bare = await open('without', OPEN_VAULT, NO_AUDIT, engine);
  const enrol = async ({ deps, personId }: typeof trusted, image: Uint8Array) => {
    const wanted = { gallery: REF, personId, image, target: 'largest' as const };
    await enrolFace(deps, { ...wanted, userData: undefined, sourceHash: undefined });
  };
  const identify = ({ deps, gallery }: typeof trusted, image: Uint8Array) =>
    identifyPhoto(deps, { gallery, image, maxCandidates: 3, minConfidence: 'review' });
  const enrolling = await inTurns(photos, [(image) => enrol(trusted, image), (image) => enrol(bare, image)]);
  const identifying = await inTurns(photos, [(image) => identify(trusted, image), (image) => identify(bare, image)]);
  await trusted.close();
  await bare.close();
  await log.close();
  return { enrol: enrolling, identify: identifying };
}

type Work = (image: Uint8Array) => Promise<unknown>;

/** Medians of pairs, the order changing each time. */
async function inTurns(photos: readonly Buffer[], [trusted, bare]: readonly [Work, Work]) {
  const times: { withMs: number; withoutMs: number }[] = [];
  for (let i = -photos.length; i < rounds; i++) {
    const image = photos.at(i % photos.length) as Buffer;
    const timed = async (work: Work): Promise<number> => {
      const startMs = performance.now();
      await work(image);
      return performance.now() - startMs;
    };
    const first = i % 2 === 0 ? await timed(trusted) : undefined;
    const withoutMs = await timed(bare);
    const withMs = first ?? (await timed(trusted));
    // The first of each photo warm everything up
    if (i >= 0) times.push({ withMs, withoutMs });
  }
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
  return {
    withMs: median(times.map(({ withMs }) => withMs)),
    withoutMs: median(times.map(({ withoutMs }) => withoutMs)),
    ratio: median(times.map(({ withMs, withoutMs }) => withMs / withoutMs)),
  };
}

/** From the store, row by row, and from the index's own copy. */
async function timeStart() {
  const vault = await openVault({ masterKeyPath: join(folder, 'master.key') });
  const kinds = [
    { name: 'sealed', vault },
    { name: 'unsealed', vault: OPEN_VAULT },
  ];
  for (const kind of kinds) await fillStore(kind.name, kind.vault);
  const best = new Map<string, number>();
  for (let round = 0; round < START_ROUNDS; round++) {
    for (const { name, vault } of kinds) {
      const copy = join(folder, `${name}.copy`);
      for (const from of ['store', 'copy']) {
        const store = await openSqliteStore({ path: join(folder, `${name}-people.db`) });
        if (from === 'store') rmSync(copy, { force: true });
        const startMs = performance.now();
        const kept = await fillIndex({
          ...{ store, vault, path: copy },
          openIndex: () => createGalleryIndex(),
          onUnreadable: (no) => {
            throw new Error(`template ${no} can't be opened`);
          },
          onProgress: () => undefined,
        });
        const elapsedMs = performance.now() - startMs;
        const key = `${name} ${from}`;
        best.set(key, Math.min(best.get(key) ?? Number.POSITIVE_INFINITY, elapsedMs));
        if (from === 'store') await kept.saveIfChanged();
        await kept.index.close();
        await store.close();
      }
    }
  }
  const pair = (from: string) => {
    const withMs = best.get(`sealed ${from}`) as number;
    const withoutMs = best.get(`unsealed ${from}`) as number;
    return { withMs, withoutMs, ratio: withMs / withoutMs };
  };
  return { startFromStore: pair('store'), startFromCopy: pair('copy') };
}

async function fillStore(name: string, vault: Vault): Promise<void> {
  const store = await openSqliteStore({ path: join(folder, `${name}-people.db`) });
  const gallery = { ...REF, name, recognitionModel: 'recognition_04', createdMs: Date.now() };
  await store.createGallery(gallery);
  const { template } = syntheticPeople(7);
  for (let from = 0; from < people; from += BATCH) {
    await store.importPersons(
      REF,
      Array.from({ length: Math.min(BATCH, people - from) }, (_, i) => {
        const wrappedKey = vault.newPersonKey(TENANT);
        return {
          person: { personId: randomUUID(), name: '', wrappedKey, createdMs: 0 },
          enrolments: [
            {
              enrolmentId: randomUUID(),
              box: { leftPx: 0, topPx: 0, widthPx: 100, heightPx: 100 },
              quality: { level: 'high' as const, reasons: [] },
              packId: 'fast',
              sealedTemplate: vault.sealTemplate(TENANT, wrappedKey, template(from + i)),
              createdMs: 0,
            },
          ],
        };
      }),
    );
  }
  await store.close();
}
