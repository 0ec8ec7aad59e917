// Consent by each person: asked for at every door, and, once it ends, as if they had never been enrolled.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { recordsIn } from '../support/audit-records.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { kith as command, recordsOf } from '../support/kith-command.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

vi.setConfig({ testTimeout: 120_000 });

const DAY_MS = 86_400_000;
const CONSENT = {
  givenBy: 'Ann herself',
  method: 'signed on paper',
  textHash: createHash('sha256').update('I agree to be recognised at the door.').digest('hex'),
};

let service: TestService;
let kith: KithHttp;
let azure: AzureHttp;
let nowMs = Date.now();
const inDays = (days: number) => new Date(nowMs + days * DAY_MS).toISOString();

beforeAll(async () => {
  service = await startService({ clock: { nowMs: () => nowMs } });
  kith = kithHttp(service);
  azure = await azureHttp(service);
});
afterAll(() => service?.stop());

async function strictGallery(galleryId: string) {
  await kith.call('PUT', `/galleries/${galleryId}`, { consentPolicy: 'required' });
  const made = await kith.call('POST', `/galleries/${galleryId}/people`, { name: 'Ann' });
  const person = `/galleries/${galleryId}/people/${made.body.personId}`;
  const other = await kith.call('POST', `/galleries/${galleryId}/people`, { name: 'Cleo', consent: CONSENT });
  const path = `/galleries/${galleryId}/people/${other.body.personId}/faces?minQuality=low`;
  expect((await kith.call('POST', path, await portraitOf('cleo'))).status).toBe(201);
  return { galleryId, personId: made.body.personId as string, person };
}

const enrol = async (person: string) =>
  (await kith.call('POST', `${person}/faces?minQuality=low`, await portraitOf('ann'))).status;

/** Everything that tells of somebody's face, through both doors, byte for byte. */
async function answersAbout(galleryId: string, personId: string): Promise<string[]> {
  const detected = await azure.call<{ faceId: string }[]>('POST', '/detect', {
    bytes: samplePhoto(3),
    query: { recognitionModel: 'recognition_04' },
  });
  const faceIds = detected.body.map(({ faceId }) => faceId);
  const answers = [
    (await kith.call('POST', `/identify?gallery=${galleryId}`, samplePhoto(3))).text,
    JSON.stringify((await kith.call('GET', `/galleries/${galleryId}`)).body),
  ];
  const among = { faceIds, largePersonGroupId: galleryId, confidenceThreshold: 0, maxNumOfCandidatesReturned: 100 };
  await azure.call('POST', `/largepersongroups/${galleryId}/train`);
  await vi.waitFor(async () => {
    const { body } = await azure.call<{ status: string }>('GET', `/largepersongroups/${galleryId}/training`);
    expect(body.status).not.toBe('running');
    answers.push(body.status);
  });
  const found = await azure.call<{ candidates: unknown[] }[]>('POST', '/identify', { json: among });
  const candidates = found.status === 200 ? found.body.map((answer) => answer.candidates) : found.body;
  answers.push(JSON.stringify(candidates));
  for (const faceId of faceIds) {
    const pair = { faceId, personId, largePersonGroupId: galleryId };
    const verified = await azure.call<object>('POST', '/verify', { json: pair });
    answers.push(`${verified.status} ${JSON.stringify(verified.body)}`);
  }
  answers.push((await kith.call('GET', `/galleries/${galleryId}/duplicates`)).text);
  return answers;
}

test('consent lets a person in, is kept and shown, and is on record', async () => {
  const { person, personId } = await strictGallery('members');
  expect(await enrol(person)).toBe(403);
  expect((await kith.call('GET', `${person}/consent`)).body.code).toBe('consent-not-found');
  const given = await kith.call('PUT', `${person}/consent`, { ...CONSENT, until: inDays(365) });
  expect(given.body).toEqual({
    ...CONSENT,
    givenAt: new Date(nowMs).toISOString(),
    until: inDays(365),
    state: 'given',
  });
  expect(await enrol(person)).toBe(201);
  expect((await kith.call('GET', `${person}/consent`)).body).toEqual(given.body);
  const records = (await recordsIn(service.auditFolder)).filter(({ personIds }) => personIds?.includes(personId));
  expect(records.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
    expect.arrayContaining(['enrol begun', 'enrol refused', 'consent-give begun', 'consent-give done', 'enrol done']),
  );
  expect(JSON.stringify(records)).not.toContain(CONSENT.givenBy);

  const made = await kith.call('POST', '/galleries/members/people', { name: 'Bo', consent: CONSENT });
  expect((await kith.call('GET', `/galleries/members/people/${made.body.personId}/consent`)).body.state).toBe('given');
});

test.each([
  [{ ...CONSENT, givenBy: ' ' }],
  [{ ...CONSENT, textHash: 'abc' }],
  [{ ...CONSENT, givenAt: '2099-01-01T00:00:00Z' }],
  [{ ...CONSENT, until: '2001-01-01T00:00:00Z' }],
  [{ givenBy: 'Ann', method: 'on paper' }],
])('%o is no consent', async (consent) => {
  const { person } = await strictGallery(`odd-${Math.random().toString(36).slice(2)}`);
  expect((await kith.call('PUT', `${person}/consent`, consent)).status).toBe(400);
});

describe('once consent ends, every answer is byte for byte that for somebody never enrolled', () => {
  test('withdrawn, and consent given again brings them back', async () => {
    const { galleryId, personId, person } = await strictGallery('withdrawn');
    const never = await answersAbout(galleryId, personId);
    await kith.call('PUT', `${person}/consent`, CONSENT);
    expect(await enrol(person)).toBe(201);
    const known = await answersAbout(galleryId, personId);
    expect(known[0]).toContain(personId);

    expect((await kith.call('DELETE', `${person}/consent`)).status).toBe(204);
    expect(await answersAbout(galleryId, personId)).toEqual(never);
    expect(await enrol(person)).toBe(403);
    expect((await kith.call('GET', `${person}/consent`)).body.state).toBe('withdrawn');

    await kith.call('PUT', `${person}/consent`, CONSENT);
    expect(await answersAbout(galleryId, personId)).toEqual(known);
  });

  test('run out, from the very moment on, before any sweep', async () => {
    const { galleryId, personId, person } = await strictGallery('expired');
    const never = await answersAbout(galleryId, personId);
    await kith.call('PUT', `${person}/consent`, { ...CONSENT, until: inDays(10) });
    expect(await enrol(person)).toBe(201);
    nowMs += 10 * DAY_MS - 1;
    const known = await answersAbout(galleryId, personId);
    expect(known[0]).toContain(personId);

    const due = (await kith.call('GET', `/consents?due=${inDays(1)}`)).body.consents;
    expect(due).toEqual([expect.objectContaining({ galleryId, personId, name: 'Ann' })]);
    nowMs += 1;
    expect(await answersAbout(galleryId, personId)).toEqual(never);
    expect((await kith.call('GET', `${person}/consent`)).body.state).toBe('expired');
    const records = await recordsIn(service.auditFolder);
    expect(records.filter(({ action }) => action === 'consent-expire')).toEqual([
      expect.objectContaining({ keyId: 'consent-sweep', personIds: [personId], outcome: 'done' }),
    ]);
    await kith.call('PUT', `${person}/consent`, { ...CONSENT, until: inDays(10) });
    expect(await answersAbout(galleryId, personId)).toEqual(known);
  });
});

test('from the command line: no photo without consent, given with the text, withdrawn again', async () => {
  const root = await mkdtemp(join(tmpdir(), 'kith-consent-'));
  const run = (...args: string[]) => command([...args, '--json'], { env: { KITH_DATA_DIR: join(root, 'data') } });
  try {
    const [photo, form] = [join(root, 'people', 'Ann', '1.jpg'), join(root, 'form.txt')];
    await mkdir(dirname(photo), { recursive: true });
    await writeFile(photo, await portraitOf('ann'));
    await writeFile(form, 'I agree to be recognised at the door.');
    expect((await run('gallery', 'create', 'members', '--consent-policy', 'required')).code).toBe(0);

    const enrolled = () => run('enrol', join(root, 'people'), '--gallery', 'members', '--min-quality', 'low');
    expect((await enrolled()).stdout).toContain('consent-required');
    expect(recordsOf((await run('people', 'list', '-g', 'members')).stdout)).toEqual([]);
    const said = ['--method', 'on paper', '--text', form, '--until', '2099-01-01'];
    const given = await run('consent', 'give', 'Ann', '-g', 'members', '--new', ...said);
    expect(recordsOf(given.stdout)).toEqual([expect.objectContaining({ givenBy: 'Ann', textHash: CONSENT.textHash })]);
    expect((await enrolled()).code).toBe(0);

    const named = async () => (await run('identify', photo, '-g', 'members')).stdout.includes('"Ann"');
    expect(await named()).toBe(true);
    expect(recordsOf((await run('consent', 'list', '--due', '2100-01-01')).stdout)).toEqual([
      expect.objectContaining({ type: 'consent', name: 'Ann', state: 'given' }),
    ]);
    expect((await run('consent', 'withdraw', 'Ann', '-g', 'members')).code).toBe(0);
    expect(await named()).toBe(false);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
