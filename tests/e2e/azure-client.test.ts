// Photos in, names out, with Azure's own clients against the real service over real HTTPS.

import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getLongRunningPoller, isUnexpected } from '@azure-rest/ai-vision-face';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_IMAGE_BYTES } from '../../src/core/limits.ts';
import { createImageFetcher } from '../../src/fetch/image-fetcher.ts';
import { type NewerVersion, newerClient, olderClient } from '../support/azure-clients.ts';
import { samplePhoto } from '../support/photos.ts';
import { startSecureService, type TestService } from '../support/service.ts';

interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

let service: TestService;
let ca: string;

beforeAll(async () => {
  ({ service, ca } = await startSecureService());
});
afterAll(() => service?.stop());

/** The woman who stands in both photos is the face furthest right in sample1; the two others are strangers to sample3. */
function byLeftEdge<T extends { readonly faceRectangle: Rectangle }>(faces: readonly T[]): T[] {
  return [...faces].sort((a, b) => a.faceRectangle.left - b.faceRectangle.left);
}

function targetOf({ left, top, width, height }: Rectangle): [number, number, number, number] {
  return [left, top, width, height];
}

describe.each<NewerVersion>(['v1.2', 'v1.1-preview.1'])('@azure-rest/ai-vision-face, %s', (version) => {
  test('enrols three people from one photo and names one of them in another', async () => {
    const client = newerClient({ ...service, ca }, version);
    const largePersonGroupId = `people-${version.replaceAll('.', '-')}`;

    const created = await client
      .path('/largepersongroups/{largePersonGroupId}', largePersonGroupId)
      .put({ body: { name: 'People', userData: 'é & more', recognitionModel: 'recognition_04' } });
    expect(created.status).toBe('200');

    const detected = await client.path('/detect').post({
      contentType: 'application/octet-stream',
      body: samplePhoto(1),
      queryParameters: {
        detectionModel: 'detection_03',
        recognitionModel: 'recognition_04',
        returnFaceId: true,
        returnRecognitionModel: true,
        returnFaceLandmarks: true,
        returnFaceAttributes: ['headPose', 'mask', 'qualityForRecognition'],
        faceIdTimeToLive: 120,
      },
    });
    if (isUnexpected(detected)) throw new Error(detected.body.error.message);
    expect(detected.body).toHaveLength(3);
    for (const face of detected.body) {
      expect(face.recognitionModel).toBe('recognition_04');
      expect(Object.keys(face.faceLandmarks ?? {})).toHaveLength(27);
      expect(Object.keys(face.faceAttributes ?? {})).toEqual(['headPose', 'mask', 'qualityForRecognition']);
    }

    const personIds: string[] = [];
    for (const [i, face] of byLeftEdge(detected.body).entries()) {
      const person = await client
        .path('/largepersongroups/{largePersonGroupId}/persons', largePersonGroupId)
        .post({ body: { name: `Person ${i}` } });
      if (isUnexpected(person)) throw new Error(person.body.error.message);
      personIds.push(person.body.personId);
      const added = await client
        .path(
          '/largepersongroups/{largePersonGroupId}/persons/{personId}/persistedfaces',
          largePersonGroupId,
          person.body.personId,
        )
        .post({
          contentType: 'application/octet-stream',
          body: samplePhoto(1),
          queryParameters: {
            detectionModel: 'detection_03',
            targetFace: targetOf(face.faceRectangle),
            userData: 'é&x',
          },
        });
      expect(added.status).toBe('200');
    }

    const training = await client.path('/largepersongroups/{largePersonGroupId}/train', largePersonGroupId).post();
    const poller = await getLongRunningPoller(client, training, { intervalInMs: 50 });
    const trained = await poller.pollUntilDone();
    expect(poller.getOperationState().status).toBe('succeeded');
    expect((trained.body as { status: string }).status).toBe('succeeded');

    const others = await client.path('/detect').post({
      contentType: 'application/octet-stream',
      body: samplePhoto(3),
      queryParameters: { detectionModel: 'detection_03', recognitionModel: 'recognition_04', returnFaceId: true },
    });
    if (isUnexpected(others)) throw new Error(others.body.error.message);
    expect(others.body).toHaveLength(3);
    const faceIds = byLeftEdge(others.body).map((face) => face.faceId as string);

    const identified = await client.path('/identify').post({ body: { faceIds, largePersonGroupId } });
    if (isUnexpected(identified)) throw new Error(identified.body.error.message);
    expect(identified.body.map(({ faceId }) => faceId)).toEqual(faceIds);
    const named = identified.body.filter(({ candidates }) => candidates.length > 0);
    expect(named).toHaveLength(1);
    expect(named[0]?.candidates).toHaveLength(1);
    expect(named[0]?.candidates[0]?.personId).toBe(personIds[2]);
    expect(named[0]?.candidates[0]?.confidence).toBeGreaterThan(0.9);

    const [her] = named;
    const verified = await client
      .path('/verify')
      .post({ body: { faceId: her?.faceId as string, personId: personIds[2] as string, largePersonGroupId } });
    expect(verified.body).toMatchObject({ isIdentical: true });
    const stranger = await client
      .path('/verify')
      .post({ body: { faceId: her?.faceId as string, personId: personIds[0] as string, largePersonGroupId } });
    expect(stranger.body).toMatchObject({ isIdentical: false });
    const pair = await client
      .path('/verify')
      .post({ body: { faceId1: faceIds[0] as string, faceId2: faceIds[1] as string } });
    expect(pair.body).toMatchObject({ isIdentical: false });

    const listed = await client
      .path('/largepersongroups/{largePersonGroupId}/persons', largePersonGroupId)
      .get({ queryParameters: { start: '', top: 2 } });
    if (isUnexpected(listed)) throw new Error(listed.body.error.message);
    expect(listed.body.map(({ personId }) => personId)).toEqual([...personIds].sort().slice(0, 2));

    const gone = await client
      .path('/largepersongroups/{largePersonGroupId}/persons/{personId}', largePersonGroupId, personIds[2] as string)
      .delete();
    expect(gone.status).toBe('200');
    const afterwards = await client.path('/identify').post({ body: { faceIds, largePersonGroupId } });
    if (isUnexpected(afterwards)) throw new Error(afterwards.body.error.message);
    expect(afterwards.body.flatMap(({ candidates }) => candidates)).toEqual([]);

    const deleted = await client.path('/largepersongroups/{largePersonGroupId}', largePersonGroupId).delete();
    expect(deleted.status).toBe('200');
    const missing = await client.path('/largepersongroups/{largePersonGroupId}', largePersonGroupId).get();
    expect(missing.status).toBe('404');
    if (isUnexpected(missing)) expect(missing.body.error.code).toBe('LargePersonGroupNotFound');
  });
});

describe('@azure/cognitiveservices-face, v1.0', () => {
  test('enrols a person in a person group and finds her', async () => {
    const client = olderClient({ ...service, ca });
    const options = { recognitionModel: 'recognition_04', detectionModel: 'detection_03' } as const;
    await client.personGroup.create('older', 'Older', { recognitionModel: 'recognition_04' });
    const faces = byLeftEdge(
      (await client.face.detectWithStream(samplePhoto(1), options)) as unknown as { faceRectangle: Rectangle }[],
    );
    const { personId } = await client.personGroupPerson.create('older', { name: 'Her' });
    await client.personGroupPerson.addFaceFromStream('older', personId, samplePhoto(1), {
      targetFace: targetOf((faces[2] as { faceRectangle: Rectangle }).faceRectangle),
      detectionModel: 'detection_03',
    });
    await client.personGroup.train('older');
    expect((await client.personGroup.getTrainingStatus('older')).status).toBe('succeeded');

    const others = await client.face.detectWithStream(samplePhoto(3), options);
    const identified = await client.face.identify(
      others.map(({ faceId }) => faceId as string),
      { personGroupId: 'older' },
    );
    expect(identified.flatMap(({ candidates }) => candidates.map((candidate) => candidate.personId))).toEqual([
      personId,
    ]);
    await expect(client.personGroup.create('older', 'Again')).rejects.toMatchObject({
      statusCode: 409,
      body: { error: { code: 'PersonGroupExists' } },
    });
    await client.personGroup.deleteMethod('older');
    expect(await client.personGroup.list()).toEqual([]);
  });
});

test('a photo behind a URL is fetched once its host is allowed', async () => {
  const photos = createHttpServer((_request, response) => response.end(samplePhoto(3)));
  await new Promise<void>((resolve) => photos.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(photos.address() as AddressInfo).port}`;
  const { service: allowing, ca: allowingCa } = await startSecureService({
    engine: service.deps.engine,
    images: createImageFetcher({
      allowedHosts: [host],
      maxBytes: MAX_IMAGE_BYTES,
      allowHttp: true,
      allowPrivateAddresses: true,
    }),
  });
  try {
    const request = {
      contentType: 'application/json',
      body: { url: `http://${host}/group photo.jpg` },
      queryParameters: { returnFaceId: false, detectionModel: 'detection_03', recognitionModel: 'recognition_04' },
    } as const;
    const found = await newerClient({ ...allowing, ca: allowingCa })
      .path('/detect')
      .post(request);
    expect(found.body).toHaveLength(3);
    const refused = await newerClient({ ...service, ca })
      .path('/detect')
      .post(request);
    expect(refused).toMatchObject({ status: '400', body: { error: { code: 'InvalidURL' } } });
  } finally {
    await allowing.stop();
    photos.close();
  }
});
