// Liveness sessions through the clients that know them; no capture is ever handed in, so none goes beyond its start.
import { FormData } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newerClient, previewClient } from '../support/azure-clients.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { portraitOf, samplePhoto } from '../support/photos.ts';
import { startSecureService, type TestService } from '../support/service.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const PREVIEW = '/detectLiveness/singleModal/sessions';
const PREVIEW_VERIFY = '/detectLivenessWithVerify/singleModal/sessions';
const DEVICE = 'device-1';

let service: TestService;
let ca: string;
let nowMs = Date.now();
let v12: AzureHttp;
let v11: AzureHttp;

beforeAll(async () => {
  ({ service, ca } = await startSecureService({ clock: { nowMs: () => nowMs } }));
  v12 = await azureHttp(service, 'v1.2', ca);
  v11 = await azureHttp(service, 'v1.1-preview.1', ca);
});
afterAll(() => service?.stop());

describe('v1.2', () => {
  test('a session is begun, read and deleted', async () => {
    const client = newerClient({ ...service, ca });
    const begun = await client.path('/detectLiveness-sessions').post({
      body: { livenessOperationMode: 'PassiveActive', deviceCorrelationId: DEVICE, livenessModelVersion: '2024-11-15' },
    });
    expect(begun).toMatchObject({
      status: '200',
      body: { status: 'NotStarted', modelVersion: '2024-11-15', results: { attempts: [] } },
    });
    const { sessionId, authToken } = begun.body as { sessionId: string; authToken: string };
    expect(authToken.length).toBeGreaterThanOrEqual(43);
    const one = client.path('/detectLiveness-sessions/{sessionId}', sessionId);
    expect((await one.get()).body).toEqual(begun.body);
    expect((await one.delete()).status).toBe('204');
    expect(await one.get()).toMatchObject({ status: '404', body: { error: { code: 'SessionNotFound' } } });
  });

  test('a session with a photo tells where its face is; the photo comes without a file name', async () => {
    const client = newerClient({ ...service, ca });
    const begun = await client.path('/detectLivenessWithVerify-sessions').post({
      contentType: 'multipart/form-data',
      body: [
        { name: 'verifyImage', body: new Uint8Array(await portraitOf('ann')) },
        { name: 'livenessOperationMode', body: 'Passive' },
        { name: 'deviceCorrelationIdSetInClient', body: 'true' as unknown as boolean },
        { name: 'authTokenTimeToLiveInSeconds', body: '60' as unknown as number },
      ],
    });
    expect(begun).toMatchObject({
      status: '200',
      body: {
        status: 'NotStarted',
        results: {
          attempts: [],
          verifyReferences: [{ referenceType: 'Color', faceRectangle: { width: expect.any(Number) } }],
        },
      },
    });
    const { sessionId } = begun.body as { sessionId: string };
    const one = client.path('/detectLivenessWithVerify-sessions/{sessionId}', sessionId);
    expect((await one.get()).body).toEqual(begun.body);
    expect((await v12.call('GET', `/detectLiveness-sessions/${sessionId}`)).status).toBe(404);
    expect((await one.delete()).status).toBe('204');
  });

  test.each([
    [{}, 'InvalidLivenessOperationMode'],
    [{ livenessOperationMode: 'Active' }, 'InvalidLivenessOperationMode'],
    [{ livenessOperationMode: 'Passive', authTokenTimeToLiveInSeconds: 59 }, 'InvalidTokenLifetime'],
    [{ livenessOperationMode: 'Passive', authTokenTimeToLiveInSeconds: 86_401 }, 'InvalidTokenLifetime'],
    [{ livenessOperationMode: 'Passive', deviceCorrelationId: 'd'.repeat(65) }, 'InvalidDeviceCorrelationId'],
    [
      { livenessOperationMode: 'Passive', deviceCorrelationId: 'd', deviceCorrelationIdSetInClient: true },
      'InvalidDeviceCorrelationId',
    ],
    [[], 'InvalidRequestBody'],
  ])('%j is refused as %s', async (json, code) => {
    const answer = await v12.call('POST', '/detectLiveness-sessions', { json });
    expect(answer.status).toBe(400);
    expect(answer.error).toMatch(new RegExp(`^${code}: `));
  });

  test.each([
    ['no photo', () => undefined, 'InvalidRequestBody'],
    ['text for a photo', () => 'not a photo', 'InvalidRequestBody'],
    ['bytes that are no photo', () => new Blob([Buffer.alloc(2000, 'x')]), 'InvalidImage'],
    ['too small a photo', () => new Blob([Buffer.alloc(100, 'x')]), 'InvalidImageSize'],
    ['too large a photo', () => new Blob([Buffer.alloc(6 * 1024 * 1024 + 1)]), 'InvalidImageSize'],
    ['three faces', () => new Blob([samplePhoto(1)]), 'InvalidImage'],
  ])('a session with %s is refused', async (_name, photo, code) => {
    const multipart = new FormData();
    multipart.set('livenessOperationMode', 'Passive');
    const verifyImage = photo();
    if (verifyImage !== undefined) multipart.set('verifyImage', verifyImage);
    const answer = await v12.call('POST', '/detectLivenessWithVerify-sessions', { multipart });
    expect(answer.status).toBe(400);
    expect(answer.error).toMatch(new RegExp(`^${code}: `));
  });

  test('a form that is not one is refused', async () => {
    for (const contentType of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      const answer = await v12.call('POST', '/detectLivenessWithVerify-sessions', {
        rawBody: '{"livenessOperationMode":"Passive"}',
        headers: { 'content-type': contentType },
      });
      expect(answer.status).toBe(400);
      expect(answer.error).toMatch(/^InvalidRequestBody: /);
    }
  });

  test('a form that is cut off is refused, and nothing else ends', async () => {
    const part = (about: string) => `--x\r\ncontent-disposition: form-data; name="verifyImage"${about}\r\n\r\nabc`;
    for (const rawBody of [part('; filename="a.jpg"'), part(''), '--x\r\ncontent-disposition: form-data; na', '--x']) {
      const headers = { 'content-type': 'multipart/form-data; boundary=x' };
      const answer = await v12.call('POST', '/detectLivenessWithVerify-sessions', { rawBody, headers });
      expect(answer.status).toBe(400);
      expect(answer.error).toMatch(/^InvalidRequestBody: /);
    }
  });

  test('no session has a photo yet', async () => {
    expect((await v12.call('GET', `/sessionImages/${UNKNOWN_ID}`)).status).toBe(404);
    const detected = await v12.call('POST', '/detect', { json: { sessionImageId: 'si-1' } });
    expect(detected.status).toBe(404);
  });
});

describe('v1.1-preview.1', () => {
  test('sessions are begun, listed by id, read and deleted', async () => {
    const client = previewClient({ ...service, ca });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      const begun = await client
        .path(PREVIEW)
        .post({ body: { livenessOperationMode: 'Passive', deviceCorrelationId: `${DEVICE}${i}` } });
      expect(Object.keys(begun.body)).toEqual(['sessionId', 'authToken']);
      ids.push((begun.body as { sessionId: string }).sessionId);
    }
    ids.sort();
    const listed = await v11.call<{ id: string }[]>('GET', PREVIEW, { query: { start: ids[0]!, top: 2 } });
    expect(listed.body.map(({ id }) => id)).toEqual(ids.slice(1));
    const one = client.path('/detectLiveness/singleModal/sessions/{sessionId}', ids[0]!);
    expect((await one.get()).body).toMatchObject({
      id: ids[0],
      status: 'NotStarted',
      sessionExpired: false,
      authTokenTimeToLiveInSeconds: 600,
    });
    expect((await v11.call('GET', `${PREVIEW}/${ids[0]}/audit`)).body).toEqual([]);
    expect((await one.delete()).status).toBe('200');
    expect((await v11.call('GET', `${PREVIEW}/${ids[0]}/audit`)).status).toBe(404);
  });

  test('a session with a photo comes as Parameters and VerifyImage, or as JSON without one', async () => {
    const client = previewClient({ ...service, ca });
    const withPhoto = await client.path(PREVIEW_VERIFY).post({
      contentType: 'multipart/form-data',
      body: [
        { name: 'VerifyImage', body: new Uint8Array(await portraitOf('bob')) },
        { name: 'Parameters', body: { livenessOperationMode: 'Passive', deviceCorrelationId: DEVICE } },
      ],
    });
    expect(withPhoto).toMatchObject({
      status: '200',
      body: { verifyImage: { qualityForRecognition: expect.stringMatching(/low|medium|high/) } },
    });
    const without = await client.path(PREVIEW_VERIFY).post({
      contentType: 'application/json',
      body: { livenessOperationMode: 'Passive', deviceCorrelationId: DEVICE },
    });
    expect(Object.keys(without.body)).toEqual(['sessionId', 'authToken']);
  });

  test.each([
    [{ start: 's'.repeat(65) }, 'BadArgument: Start parameter is invalid.'],
    [{ top: 0 }, 'BadArgument: Top parameter is invalid. Valid range is between 1 and 1000 inclusive.'],
    [{ top: 1001 }, 'BadArgument: Top parameter is invalid. Valid range is between 1 and 1000 inclusive.'],
  ])('a page of %j is refused: %s', async (query, error) => {
    expect(await v11.call('GET', PREVIEW, { query })).toMatchObject({ status: 400, error });
  });

  test.each([UNKNOWN_ID, 'x'])('session %s is not there', async (id) => {
    const answer = await v11.call('GET', `${PREVIEW}/${id}`);
    expect(answer.status).toBe(404);
    expect(answer.error).toMatch(/^SessionNotFound: /);
  });

  test("a session's token runs out, and the session is forgotten after 48 hours", async () => {
    const json = { livenessOperationMode: 'Passive', authTokenTimeToLiveInSeconds: 60, deviceCorrelationId: DEVICE };
    const begun = await v11.call<{ sessionId: string }>('POST', PREVIEW, { json });
    const path = `${PREVIEW}/${begun.body.sessionId}`;
    nowMs += 61_000;
    expect((await v11.call('GET', path)).body).toMatchObject({ sessionExpired: true });
    nowMs += 48 * 3_600_000;
    expect((await v11.call('GET', path)).status).toBe(404);
  });
});
