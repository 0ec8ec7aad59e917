import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { compose } from '../../src/compose.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { type RunningService, runService } from '../../src/run-service.ts';
import { readAddedManifest, updateManifest } from '../../src/vision/models-folder.ts';
import { DLIB_CALIBRATION, writeDlibPack } from '../support/dlib-network/write-dlib-pack.ts';
import { kith, recordsOf, startKith } from '../support/kith-command.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { testWhole } from '../support/whole-suite.ts';

// Each test starts processes that load the models
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEY = 'a-key-for-this-test-alone-long-enough';
let root: string;
let manifestPath: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-own-models-'));
  manifestPath = await writeDlibPack(join(root, 'brought'));
  env = { KITH_DATA_DIR: join(root, 'data') };
});
afterAll(() => rm(root, { recursive: true, force: true }));

const settings = (models: string) => ({
  ...env,
  KITH_PORT: '0',
  KITH_LOG_LEVEL: 'silent',
  KITH_API_KEY: KEY,
  KITH_ENGINE_PROCESSES: '1',
  KITH_RECOGNITION_MODELS: models,
});

async function call(service: RunningService, method: string, path: string, body?: Buffer | object) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${KEY}`,
      ...(body ? { 'content-type': isPhoto ? 'image/jpeg' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  return JSON.parse(text);
}

test('a model of one’s own is added once, listed with what is known of it, and checked again', async () => {
  const added = await kith(['models', 'add', manifestPath, '--json'], { env });
  expect(added).toMatchObject({ code: 0 });
  expect(recordsOf(added.stdout)).toEqual([{ type: 'added', pack: 'dlib', calibrated: false }]);

  const again = await kith(['models', 'add', manifestPath], { env });
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('There is a pack "dlib" already');

  const listed = recordsOf((await kith(['models', 'list', '--json'], { env })).stdout);
  expect(listed).toMatchObject([
    { pack: 'fast', source: 'comes with Kith', templateLength: 512 },
    { pack: 'dlib', source: 'added', templateLength: 128, weightsLicence: expect.stringContaining('CC0') },
  ]);
  expect(recordsOf((await kith(['models', 'check', '--json'], { env })).stdout)).toEqual([
    { type: 'checked', pack: 'dlib' },
  ]);
});

test('a model that nobody measured answers nothing: the start says how to measure it', async () => {
  const starting = runService(loadConfig(settings('recognition_04=fast,dlib=dlib')), () => {});
  const error = await starting.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).faults).toEqual([expect.stringContaining('kith models calibrate dlib')]);

  const modelsDir = join(root, 'data', 'models');
  const manifest = await readAddedManifest(modelsDir, 'dlib');
  await updateManifest(modelsDir, { ...manifest, calibration: DLIB_CALIBRATION });
});

test('two packs answer side by side, a gallery on each, and a gallery stays with its own', async () => {
  const service = await runService(loadConfig(settings('recognition_04=fast,dlib=dlib')), () => {});
  try {
    const { models } = await call(service, 'GET', '/models');
    expect(models).toMatchObject([
      { pack: 'fast', recognitionModels: ['recognition_04'] },
      { pack: 'dlib', recognitionModels: ['dlib'], trainingData: expect.stringContaining('FaceScrub') },
    ]);
    for (const [gallery, recognitionModel, pack] of [
      ['on-fast', 'recognition_04', 'fast'],
      ['on-dlib', 'dlib', 'dlib'],
    ] as const) {
      await call(service, 'PUT', `/galleries/${gallery}`, { name: gallery, recognitionModel });
      const ids = new Map<FaceName, string>();
      for (const name of ['ann', 'bob', 'cleo', 'dan'] as const) {
        const { personId } = await call(service, 'POST', `/galleries/${gallery}/people`, { name });
        ids.set(name, personId);
        const faces = `/galleries/${gallery}/people/${personId}/faces?minQuality=low`;
        await call(service, 'POST', faces, await portraitOf(name));
      }
      const answer = await call(service, 'POST', `/identify?gallery=${gallery}`, await portraitOf('annElsewhere'));
      const [face] = answer.faces;
      expect(face.search).toMatchObject({ model: pack, gallerySize: 4, searched: 4 });
      expect(face.outcome).not.toBe('unknown');
      expect(face.search.threshold).toBeGreaterThan(pack === 'dlib' ? 0.94 : 0.4);
      expect(face.candidates[0].personId).toBe(ids.get('ann'));
    }
  } finally {
    await service.stop();
  }

  const remapped = loadConfig(settings('recognition_04=dlib'));
  const starting = compose(remapped, { onIndexProgress: () => {}, onUnreadable: () => {}, part: 'service' });
  const error = await starting.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).faults).toEqual([
    expect.stringMatching(/gallery "on-dlib" is of dlib, which is no longer named\. Set dlib=dlib again/),
    expect.stringMatching(/gallery "on-fast" are of "fast".*Set recognition_04=fast again/),
  ]);
});

testWhole('a gallery changes its model from kept pictures while the service answers, and loses no face', async () => {
  const models = 'recognition_04=fast,dlib=dlib';
  const upgrade = (...args: string[]) =>
    kith(['--json', 'gallery', 'upgrade-model', 'moving', '--to', 'dlib', ...args], {
      env: { ...env, KITH_RECOGNITION_MODELS: models },
    });
  const service = await runService(loadConfig(settings(models)), () => {});
  try {
    await call(service, 'PUT', '/galleries/moving', { keepPhotos: true });
    const enrol = async (name: FaceName) => {
      const { personId } = await call(service, 'POST', '/galleries/moving/people', { name });
      const faces = `/galleries/moving/people/${personId}/faces?minQuality=low`;
      return { personId, ...(await call(service, 'POST', faces, await portraitOf(name))) };
    };
    const ann = await enrol('ann');
    await enrol('bob');
    await call(service, 'PATCH', '/galleries/moving', { keepPhotos: false });
    await call(service, 'PATCH', '/galleries/moving', { keepPhotos: true });
    const cleo = await enrol('cleo');
    const identify = async () => {
      const { faces } = await call(service, 'POST', '/identify?gallery=moving', await portraitOf('cleo'));
      return { model: faces[0].search.model, first: faces[0].candidates[0]?.personId };
    };

    const refused = await upgrade();
    expect(refused.code).toBe(2);
    expect(recordsOf(refused.stdout)).toHaveLength(2);
    expect(recordsOf(refused.stdout)).toContainEqual({ type: 'face-left', personId: ann.personId, faceId: ann.faceId });
    expect(refused.stderr).toContain("2 faces can't be read anew, so the gallery answers as before");
    expect(await identify()).toEqual({ model: 'fast', first: cleo.personId });

    const asked = await upgrade('--drop-without-photo');
    expect(asked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/erases 2 faces of 3 .*--yes/) });
    expect(await identify()).toEqual({ model: 'fast', first: cleo.personId });
    const done = await upgrade('--drop-without-photo', '--yes');
    expect(recordsOf(done.stdout)).toMatchObject([{ type: 'model-upgraded', faces: 1, dropped: 2 }]);
    expect(await identify()).toEqual({ model: 'dlib', first: cleo.personId });
    expect(await call(service, 'GET', '/galleries/moving')).toMatchObject({ recognitionModel: 'dlib', faces: 1 });
    // Enrolled by the new model from now on
    const dan = await enrol('dan');
    const { faces } = await call(service, 'POST', '/identify?gallery=moving', await portraitOf('dan'));
    expect(faces[0].candidates[0]).toMatchObject({ personId: dan.personId });
    expect((await upgrade()).stderr).toContain('The gallery is of "dlib" already');
  } finally {
    await service.stop();
  }
  const starting = compose(loadConfig(settings('recognition_04=fast')), {
    onIndexProgress: () => {},
    onUnreadable: () => {},
    part: 'service',
  });
  await expect(starting).rejects.toThrow(/gallery "moving" is of dlib, which is no longer named/);
});

testWhole('a change of model that was killed goes on where it was', async () => {
  const faces = 45;
  const models = 'recognition_04=fast,dlib=dlib';
  const service = await runService(loadConfig(settings(models)), () => {});
  try {
    await call(service, 'PUT', '/galleries/large', { keepPhotos: true });
    const { personId } = await call(service, 'POST', '/galleries/large/people', { name: 'Ann' });
    const photo = await portraitOf('ann');
    for (let i = 0; i < faces; i++) {
      await call(service, 'POST', `/galleries/large/people/${personId}/faces?minQuality=low`, photo);
    }
  } finally {
    await service.stop();
  }
  const args = ['--json', 'gallery', 'upgrade-model', 'large', '--to', 'dlib'];
  const upgradeEnv = { ...env, KITH_RECOGNITION_MODELS: models };
  const killed = startKith(args, { env: upgradeEnv });
  const gone = once(killed, 'close');
  const db = new SqliteDatabase(join(root, 'data', 'kith.db'), { readonly: true });
  try {
    const sealed = (table: string) => {
      const rows = db.prepare(`SELECT enrolment_no AS no, sealed FROM ${table}`).all() as {
        no: number;
        sealed: Buffer;
      }[];
      return new Map(rows.map((row) => [row.no, row.sealed.toString('hex')]));
    };
    const before = sealed('templates');
    await vi.waitUntil(() => sealed('staged_templates').size > 0, { timeout: 60_000, interval: 20 });
    killed.kill('SIGKILL');
    await gone;
    const staged = sealed('staged_templates');
    expect(staged.size).toBeLessThan(faces);
    expect(sealed('templates')).toEqual(before);

    const resumed = await kith(args, { env: upgradeEnv });
    expect(recordsOf(resumed.stdout)).toMatchObject([{ type: 'model-upgraded', faces, dropped: 0 }]);
    const after = sealed('templates');
    // Sealed anew they would be other bytes: what was read before the kill was not read again
    for (const [enrolmentNo, bytes] of staged) expect(after.get(enrolmentNo)).toBe(bytes);
    expect(sealed('staged_templates').size).toBe(0);
  } finally {
    db.close();
  }
});

testWhole('a kept picture that shows somebody else is not read for the enrolled face', async () => {
  const models = 'recognition_04=fast,dlib=dlib';
  const service = await runService(loadConfig(settings(models)), () => {});
  try {
    await call(service, 'PUT', '/galleries/mixed', { keepPhotos: true });
    const { personId } = await call(service, 'POST', '/galleries/mixed/people', { name: 'Ann' });
    for (const face of ['ann', 'bob', 'annElsewhere'] as const) {
      const path = `/galleries/mixed/people/${personId}/faces?minQuality=low`;
      await call(service, 'POST', path, await portraitOf(face));
    }
  } finally {
    await service.stop();
  }
  const db = new SqliteDatabase(join(root, 'data', 'kith.db'));
  const rows = db
    .prepare('SELECT enrolment_no AS no, sealed FROM enrolment_photos ORDER BY enrolment_no DESC LIMIT 3')
    .all();
  const [, bob, ann] = rows as { no: number; sealed: Buffer }[];
  const put = db.prepare('UPDATE enrolment_photos SET sealed = ? WHERE enrolment_no = ?');
  put.run(bob?.sealed, ann?.no);
  put.run(ann?.sealed, bob?.no);
  db.close();

  const args = ['--json', 'gallery', 'upgrade-model', 'mixed', '--to', 'dlib'];
  const refused = await kith(args, { env: { ...env, KITH_RECOGNITION_MODELS: models } });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("2 faces can't be read anew") });
});

test('a model that changed on the disk stops the start and the check, and both say what to do', async () => {
  await writeFile(join(root, 'data', 'models', 'dlib', 'dlib.onnx'), 'no longer a network');
  const checked = await kith(['models', 'check', 'dlib'], { env });
  expect(checked.code).toBe(1);
  expect(checked.stderr).toContain('Copy the file again from its source');
  const starting = runService(loadConfig(settings('recognition_04=fast,dlib=dlib')), () => {});
  const error = await starting.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).faults[0]).toContain('Copy the file again from its source');
});
