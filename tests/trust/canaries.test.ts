// The built service in a process of its own, through a whole life: what it must not tell is looked for in every answer, on
// every page of numbers, in every line it logs and in every file it writes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createFaceEngine } from '../../src/vision/face-engine.ts';
import { portraitOf } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const KEY = 'canary-of-a-key-that-is-long-enough';
const NAME = 'Canary McName';
const USER_DATA = 'canary-user-data';
const IN_QUERY = 'canary-in-a-query';
const IN_BODY = 'canary-in-a-refused-body';
const CONSENT = { givenBy: 'Canary Guardian', method: 'on paper', textHash: 'ab'.repeat(32) };

let folder: string;
let template: Float32Array;
const answers: string[] = [];
let log = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-canaries-'));
  const engine = await createFaceEngine({ processes: 1 });
  const options = { packId: 'fast', maxFaces: 1, measure: false, embed: true };
  const { faces } = await engine.analyse(await portraitOf('ann'), options);
  template = faces[0]?.template?.vector as Float32Array;
  await engine.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function live(work: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      KITH_DATA_DIR: folder,
      KITH_API_KEY: KEY,
      KITH_PORT: '0',
      KITH_ENGINE_PROCESSES: '1',
      KITH_LOG_LEVEL: 'debug',
    },
  });
  const from = log.length;
  const closed = once(child, 'close');
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const listen = (text: Buffer) => {
        log += text;
        const found = /Kith listens on (\S+),/.exec(log.slice(from))?.[1];
        if (found) resolve(found);
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.on('close', () => reject(new Error(log)));
    });
    await work(url);
  } finally {
    child.kill('SIGTERM');
    await closed;
  }
}

async function send(url: string, method: string, path: string, body?: object | Buffer) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${KEY}`,
      ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  answers.push(`${method} ${path}\n${JSON.stringify([...response.headers])}\n${bytes.toString('latin1')}`);
  const isJson = response.headers.get('content-type')?.includes('json');
  return isJson ? JSON.parse(bytes.toString()) : {};
}

/** As stored, printed or encoded: enough of it to be no accident. */
function tracesOfTemplate(): readonly Buffer[] {
  const bytes = Buffer.from(template.buffer, template.byteOffset, template.byteLength);
  const pieces = [0, 512, 1024].map((at) => bytes.subarray(at, at + 24));
  const printed = [...template.subarray(0, 40)]
    .filter((value) => Math.abs(value) > 0.01)
    .map((value) => String(value).slice(0, 9));
  return [
    ...pieces,
    ...pieces.map((piece) => Buffer.from(piece.toString('base64'))),
    ...printed.map((text) => Buffer.from(text)),
  ];
}

async function filesWith(canary: Buffer): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (bytes.includes(canary)) found.push(entry.name);
  }
  return found;
}

async function expectSilence(): Promise<void> {
  for (const canary of [NAME, USER_DATA, 'Canary Guardian', IN_QUERY, IN_BODY, KEY]) {
    expect(log.includes(canary), `the log has ${canary}`).toBe(false);
  }
  // People's names are for the database alone, and keys and refused words for nothing
  for (const canary of [NAME, USER_DATA, 'Canary Guardian']) {
    for (const name of await filesWith(Buffer.from(canary))) expect(name, canary).toMatch(/^kith\.db/);
  }
  for (const canary of [KEY, IN_QUERY, IN_BODY]) expect(await filesWith(Buffer.from(canary)), canary).toEqual([]);
  for (const trace of tracesOfTemplate()) {
    expect(await filesWith(trace), `a template's ${trace.toString('hex')}`).toEqual([]);
    const text = trace.toString('latin1');
    expect(answers.filter((answer) => answer.includes(text))).toEqual([]);
    expect(log.includes(text)).toBe(false);
  }
  expect(answers.filter((answer) => answer.includes(KEY))).toEqual([]);
}

test('through enrolment, search, refusals, erasure and a restart, nothing tells what it must not', async () => {
  let personId = '';
  await live(async (url) => {
    await send(url, 'PUT', '/v1/galleries/club', { keepPhotos: true });
    const people = '/v1/galleries/club/people';
    personId = (await send(url, 'POST', people, { name: NAME, userData: USER_DATA, consent: CONSENT })).personId;
    const photo = await portraitOf('ann');
    const face = await send(url, 'POST', `${people}/${personId}/faces?minQuality=low`, photo);
    expect(face.faceId).toBeDefined();
    const found = await send(url, 'POST', '/v1/identify?gallery=club', photo);
    expect(found.faces[0].candidates[0].name).toBe(NAME);
    await send(url, 'POST', '/face/v1.2/detect?recognitionModel=recognition_04&returnFaceLandmarks=true', photo);
    await send(url, 'GET', `/v1/persons/${personId}/record`);
    await send(url, 'GET', `${people}-by-name?containing=${IN_QUERY}`);
    await send(url, 'GET', `/v1/${IN_QUERY}?${IN_QUERY}=${IN_QUERY}`);
    await send(url, 'POST', people, { name: { no: IN_BODY } });
    await send(url, 'POST', '/v1/identify?gallery=club', Buffer.from(IN_BODY));
    await send(url, 'POST', '/v1/keys', { label: 'desk', permissions: [IN_BODY] });
    await send(url, 'GET', '/v1/audit?limit=1000');
    await send(url, 'POST', '/v1/audit/check', {});
    await send(url, 'GET', '/.well-known/biometric-policy');
    await send(url, 'GET', '/v1/status');
    // Numbers and routes only
    await send(url, 'GET', '/metrics');
    const metrics = answers.at(-1) ?? '';
    for (const canary of [NAME, USER_DATA, IN_QUERY, personId, 'club']) expect(metrics).not.toContain(canary);
    await expectSilence();
  });
  await expectSilence();

  await live(async (url) => {
    await send(url, 'DELETE', `/v1/galleries/club/people/${personId}`);
    await expectSilence();
    for (const canary of [NAME, USER_DATA, 'Canary Guardian']) expect(await filesWith(Buffer.from(canary))).toEqual([]);
  });
  await expectSilence();
});
