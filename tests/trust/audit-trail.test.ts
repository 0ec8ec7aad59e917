// What is done through the service is on record, with ids and no names, before it is answered; and what can't be
// recorded isn't done.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAuditReader } from '../../src/audit/audit-reader.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { KithError } from '../../src/core/errors.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const NAME = 'Canary Name of Somebody';
const USER_DATA = 'canary user data';

let service: TestService;
let azure: AzureHttp;
let recording = true;

beforeAll(async () => {
  service = await startService({
    throughAuditLog: (auditLog) => ({
      actingAs: (actor) => ({
        record(event) {
          if (recording) return auditLog.actingAs(actor).record(event);
          const message = 'The audit log can not be written.';
          return Promise.reject(new KithError({ kind: 'unavailable', part: 'audit', message, retryAfterS: 1 }));
        },
      }),
      close: () => auditLog.close(),
    }),
  });
  azure = await azureHttp(service);
});
afterAll(() => service?.stop());

async function call(method: string, path: string, body?: Buffer | object) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${service.key}`,
      ...(body ? { 'content-type': isPhoto ? 'image/jpeg' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

interface AuditRecord {
  readonly [member: string]: unknown;
  readonly action: string;
  readonly outcome?: string;
}

async function records(): Promise<AuditRecord[]> {
  const reader = await openAuditReader({ folder: service.auditFolder });
  const found: AuditRecord[] = [];
  for (const chain of reader.chains) {
    for await (const { lines } of reader.readRecords(chain)) {
      for (const { content } of lines) found.push(content as AuditRecord);
    }
  }
  return found;
}

/** What `work` put on record, as `action outcome`. */
async function recordedBy(work: () => Promise<unknown>): Promise<AuditRecord[]> {
  const before = (await records()).length;
  await work();
  return (await records()).slice(before);
}

const inShort = (found: readonly AuditRecord[]) => found.map(({ action, outcome }) => `${action} ${outcome}`);

describe('through Kith’s own door', () => {
  let personId: string;

  test('making, enrolling, searching, reading and erasing are on record with their ids', async () => {
    const made = await recordedBy(() => call('PUT', '/galleries/club', { name: NAME, userData: USER_DATA }));
    expect(inShort(made)).toEqual(['gallery-create begun', 'gallery-create done']);
    expect(made[0]).toMatchObject({ gallery: { kind: 'large-person', galleryId: 'club' }, tenantId: 'home' });

    const person = await call('POST', '/galleries/club/people', { name: NAME, userData: USER_DATA });
    personId = person.body.personId;
    const photo = await portraitOf('ann');
    const enrolled = await recordedBy(() =>
      call('POST', `/galleries/club/people/${personId}/faces?minQuality=low`, photo),
    );
    expect(inShort(enrolled)).toEqual(['enrol begun', 'enrol done']);
    expect(enrolled[0]).toMatchObject({ personIds: [personId], packId: 'fast' });

    const elsewhere = await portraitOf('annElsewhere');
    const searched = await recordedBy(() => call('POST', '/identify?gallery=club', elsewhere));
    expect(inShort(searched)).toEqual(['search done']);
    expect(searched[0]).toMatchObject({
      recognitionModel: 'recognition_04',
      thresholdScore: expect.any(Number),
      searches: [{ candidates: [{ personId, score: expect.any(Number) }] }],
    });

    const read = await recordedBy(() => call('GET', `/galleries/club/people/${personId}`));
    expect(read).toMatchObject([{ action: 'person-read', outcome: 'done', personIds: [personId] }]);
    const listed = await recordedBy(() => call('GET', '/galleries/club/people'));
    expect(listed).toMatchObject([{ action: 'person-read', counts: { persons: 1 } }]);
  });

  test('what is refused is on record as refused', async () => {
    const refused = await recordedBy(() => call('PUT', '/galleries/club', {}));
    expect(inShort(refused)).toEqual(['gallery-create begun', 'gallery-create refused']);
    expect(refused[1]).toMatchObject({ problem: 'already-exists' });
  });

  test.each([
    ['PUT', () => '/galleries/never', {}],
    ['POST', () => '/galleries/club/people', { name: 'never' }],
    ['PATCH', () => `/galleries/club/people/${personId}`, { name: 'never' }],
    ['DELETE', () => `/galleries/club/people/${personId}`, undefined],
    ['DELETE', () => '/galleries/club', undefined],
    ['GET', () => `/galleries/club/people/${personId}`, undefined],
    ['GET', () => '/galleries/club/people', undefined],
  ])('%s %s is refused, and nothing done, while nothing can be recorded', async (method, path, body) => {
    recording = false;
    try {
      expect(await call(method, path(), body)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    } finally {
      recording = true;
    }
    expect((await call('GET', '/galleries/never')).status).toBe(404);
    expect((await call('GET', '/galleries/club/people')).body.people).toMatchObject([{ personId, name: NAME }]);
  });

  test('a photo is neither searched for, compared, kept nor enrolled while nothing can be recorded', async () => {
    recording = false;
    try {
      const photo = await portraitOf('annElsewhere');
      const searched = await call('POST', '/identify?gallery=club', photo);
      expect(searched).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(searched.body.faces).toBeUndefined();
      const enrolled = await call('POST', `/galleries/club/people/${personId}/faces?minQuality=low`, photo);
      expect(enrolled.status).toBe(503);
      const form = new FormData();
      for (const name of ['photo', 'other']) form.append(name, new Blob([new Uint8Array(photo)]), 'photo.jpg');
      const authorization = `Bearer ${service.key}`;
      const verified = await fetch(`${service.url}/v1/verify`, {
        method: 'POST',
        headers: { authorization },
        body: form,
      });
      expect(verified.status).toBe(503);
      expect(await verified.text()).not.toContain('score');
      expect((await call('POST', '/detect?keepForS=60', photo)).status).toBe(503);
    } finally {
      recording = true;
    }
    expect((await call('GET', `/galleries/club/people/${personId}`)).body.faceIds).toHaveLength(1);
  });

  test('erasing is on record before it is done', async () => {
    const erased = await recordedBy(() => call('DELETE', `/galleries/club/people/${personId}`));
    expect(inShort(erased)).toEqual(['erase-person begun', 'erase-person done']);
    expect(inShort(await recordedBy(() => call('DELETE', '/galleries/club')))).toEqual([
      'erase-gallery begun',
      'erase-gallery done',
    ]);
  });
});

test('through Azure’s door the same is on record, and refused with its 503', async () => {
  await azure.call('PUT', '/largepersongroups/group', { json: { name: NAME } });
  const path = '/largepersongroups/group/persons';
  const { personId } = (await azure.call<{ personId: string }>('POST', path, { json: { name: NAME } })).body;
  await azure.call('POST', `${path}/${personId}/persistedfaces`, { bytes: await portraitOf('ann') });
  await azure.call('POST', '/largepersongroups/group/train');

  const bytes = await portraitOf('annElsewhere');

  let faceId = '';
  const detected = await recordedBy(async () => {
    faceId = (await azure.call<{ faceId: string }[]>('POST', '/detect', { bytes })).body[0]?.faceId ?? '';
  });
  expect(detected).toMatchObject([{ action: 'detect-kept', probeIds: [faceId] }]);

  const json = { faceIds: [faceId], largePersonGroupId: 'group' };
  const identified = await recordedBy(() => azure.call('POST', '/identify', { json }));
  expect(identified).toMatchObject([{ action: 'search', searches: [{ probeId: faceId, candidates: [{ personId }] }] }]);
  const pair = { faceId, personId, largePersonGroupId: 'group' };
  const verified = await recordedBy(() => azure.call('POST', '/verify', { json: pair }));
  expect(verified).toMatchObject([{ action: 'verify', personIds: [personId], probeIds: [faceId] }]);

  recording = false;
  try {
    const answers = [
      await azure.call('POST', '/identify', { json }),
      await azure.call('POST', '/verify', { json: pair }),
      await azure.call('POST', '/detect', { bytes }),
      await azure.call('DELETE', `${path}/${personId}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  } finally {
    recording = true;
  }
  expect((await azure.call('GET', `${path}/${personId}`)).status).toBe(200);
});

test('the chain verifies, and holds no name, user data or key', async () => {
  const report = await verifyAudit({ folder: service.auditFolder });
  expect(report).toMatchObject({ isIntact: true, chains: [{ fault: undefined }] });
  for (const path of await readdir(service.auditFolder, { recursive: true })) {
    const text = await readFile(join(service.auditFolder, path), 'latin1').catch(() => '');
    for (const secret of [NAME, USER_DATA, service.key]) expect(text.includes(secret), path).toBe(false);
  }
});
