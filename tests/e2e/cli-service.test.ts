// The command and the service on one data directory, over HTTPS with certificates that the command made.
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { kith, recordsOf, startKith } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';
import { testWhole } from '../support/whole-suite.ts';

// Each test starts several processes, which load the models
vi.setConfig({ testTimeout: 240_000 });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-service-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
}

function call(
  url: string,
  options: { key: string; ca: string; method?: string; body?: Uint8Array | object },
): Promise<Answer> {
  const { key, ca, method = 'GET', body } = options;
  const isBytes = body instanceof Uint8Array;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        ca,
        headers: {
          'ocp-apim-subscription-key': key,
          ...(body ? { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' } : {}),
        },
      },
      async (response) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of response) chunks.push(chunk as Uint8Array);
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, body: text ? JSON.parse(text) : undefined });
      },
    );
    sent.on('error', reject);
    sent.end(isBytes || body === undefined ? body : JSON.stringify(body));
  });
}

test('certificates are private, kept, and replaced only when that is said', async () => {
  const out = join(root, 'tls');
  const made = await kith(['cert', '--out', out, '--host', 'kith.lan', '192.0.2.7']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('NODE_EXTRA_CA_CERTS=') });
  for (const variable of ['KITH_TLS_CERT=', 'KITH_TLS_KEY=', 'update-ca-certificates'])
    expect(made.stdout).toContain(variable);
  for (const key of ['kith-ca-key.pem', 'kith-server-key.pem']) {
    expect((await stat(join(out, key))).mode & 0o777).toBe(0o600);
  }
  const files = ['kith-ca.pem', 'kith-ca-key.pem', 'kith-server.pem', 'kith-server-key.pem'];
  const read = () => Promise.all(files.map((file) => readFile(join(out, file), 'utf8')));
  const before = await read();

  expect(await kith(['cert', '--out', out])).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
  expect(await kith(['cert', '--out', out, '--new-ca'])).toMatchObject({ code: 2 });
  expect(await read()).toEqual(before);

  expect(await kith(['cert', '--out', out, '--force'])).toMatchObject({ code: 0 });
  const renewed = await read();
  expect(renewed.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(renewed[2]).not.toBe(before[2]);
  expect(await kith(['cert', '--out', out, '--force', '--new-ca'])).toMatchObject({ code: 0 });
  expect((await read())[0]).not.toBe(before[0]);
});

test('a running service names people whom the command enrols beside it, for keys the command makes', async () => {
  const tls = join(root, 'service-tls');
  expect(await kith(['cert', '--out', tls])).toMatchObject({ code: 0 });
  const ca = await readFile(join(tls, 'kith-ca.pem'), 'utf8');
  const env = { KITH_DATA_DIR: join(root, 'data') };
  const service = startKith(['serve'], {
    env: {
      ...env,
      KITH_PORT: '0',
      KITH_LOG_LEVEL: 'silent',
      KITH_TLS_CERT: join(tls, 'kith-server.pem'),
      KITH_TLS_KEY: join(tls, 'kith-server-key.pem'),
    },
  });
  try {
    let url = '';
    for await (const line of createInterface({ input: service.stdout })) {
      url = /https:\/\/[^\s,]+/.exec(line)?.[0] ?? '';
      if (url) break;
    }
    const created = await kith(['keys', 'create', '--permission', 'search', '--json'], { env });
    const key = String(recordsOf(created.stdout)[0]?.key);

    const people = join(root, 'people');
    await mkdir(join(people, 'Ann'), { recursive: true });
    await writeFile(join(people, 'Ann/1.jpg'), await portraitOf('ann'));
    expect(await kith(['enrol', people, '-g', 'family'], { env })).toMatchObject({ code: 0 });

    const group = `${url}/face/v1.2/largepersongroups/family`;
    expect(await call(group, { key, ca })).toMatchObject({ status: 200, body: { name: 'family' } });
    const persons = await call(`${group}/persons`, { key, ca });
    expect(persons.body).toMatchObject([{ name: 'Ann' }]);

    const photo = await sharp(await portraitOf('annElsewhere'))
      .png()
      .toBuffer();
    const detected = await call(`${url}/face/v1.2/detect?recognitionModel=recognition_04`, {
      ...{ key, ca, method: 'POST', body: photo },
    });
    const [{ faceId }] = detected.body as [{ faceId: string }];
    const identify = () =>
      call(`${url}/face/v1.2/identify`, {
        ...{ key, ca, method: 'POST', body: { faceIds: [faceId], largePersonGroupId: 'family' } },
      });
    // The service looks for other processes' writes twice a second
    let candidates: unknown[] = [];
    for (let i = 0; i < 50 && candidates.length === 0; i++) {
      if (i > 0) await new Promise((resolve) => setTimeout(resolve, 200));
      const { status, body } = await identify();
      expect(status).toBe(200);
      candidates = (body as { candidates: unknown[] }[])[0]?.candidates ?? [];
    }
    const [ann] = persons.body as [{ personId: string }];
    expect(candidates).toMatchObject([{ personId: ann.personId }]);

    const { keyId } = recordsOf(created.stdout)[0] as unknown as { keyId: string };
    const rotated = await kith(['keys', 'rotate', keyId, '--json'], { env });
    expect(recordsOf(rotated.stdout)).toMatchObject([{ type: 'key', insteadOf: keyId, key: expect.any(String) }]);
    expect(await kith(['keys', 'revoke', keyId, '--yes'], { env })).toMatchObject({ code: 0 });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await call(group, { key, ca })).toMatchObject({ status: 401 });
  } finally {
    service.kill('SIGINT');
    const [code] = await once(service, 'close');
    expect(code).toBe(0);
  }
});

testWhole('the demo finds who is there, draws it, and leaves nothing else behind', async () => {
  const picture = join(root, 'demo.png');
  const temporary = join(root, 'tmp');
  await mkdir(temporary);
  const { code, stdout } = await kith(['demo', '--out', picture, '--json'], { env: { TMPDIR: temporary } });
  expect(code).toBe(0);
  const faces = recordsOf(stdout).filter(({ type }) => type === 'face');
  expect(faces.filter(({ outcome, photo }) => outcome === 'match' && photo === 3)).toMatchObject([
    { candidates: [{ name: 'Cleo' }] },
  ]);
  expect(faces.length).toBeGreaterThanOrEqual(19);
  expect(faces.filter(({ outcome }) => outcome === 'unknown').length).toBeGreaterThanOrEqual(16);
  expect((await sharp(picture).metadata()).width).toBeGreaterThan(2000);
  const left = await readdir(temporary);
  expect(left.filter((name) => name.startsWith('kith-demo'))).toEqual([]);
});
