// What comes in wrong: the contract's error each, the process lives on, nothing is half-written.
import { request as httpRequest } from 'node:http';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_ENROLMENTS_PER_PERSON, MAX_IMAGE_BYTES } from '../../src/core/limits.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const gallery: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'people' };

let service: TestService;
let azure: AzureHttp;
let personId: string;
let portrait: Buffer;

beforeAll(async () => {
  service = await startService();
  azure = await azureHttp(service);
  await azure.call('PUT', '/largepersongroups/people', { json: { name: 'People' } });
  const created = await azure.call<{ personId: string }>('POST', '/largepersongroups/people/persons', {
    json: { name: 'Somebody' },
  });
  personId = created.body.personId;
  portrait = await portraitOf('ann');
});
afterAll(() => service?.stop());

const facesPath = () => `/largepersongroups/people/persons/${personId}/persistedfaces`;
const enrolments = async () => (await service.deps.store.countGallery(gallery)).enrolments;

/** A PNG that says it is this large and holds next to nothing. */
function pngHeader(widthPx: number, heightPx: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(data.length);
    head.write(type, 4, 'ascii');
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])));
    return Buffer.concat([head, data, crc]);
  };
  const size = Buffer.alloc(13);
  size.writeUInt32BE(widthPx);
  size.writeUInt32BE(heightPx, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc(100_000));
  const padding = chunk('tEXt', Buffer.alloc(2000, 'x'));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', size),
    padding,
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const UNREADABLE = 'InvalidImage: Decoding error, image format unsupported.';

describe.each<{ name: string; bytes: () => Buffer | Promise<Buffer>; error: string }>([
  { name: 'no bytes', bytes: () => Buffer.alloc(0), error: 'InvalidImageSize: Image size is too small.' },
  { name: 'too few bytes', bytes: () => Buffer.alloc(1023, 1), error: 'InvalidImageSize: Image size is too small.' },
  { name: 'text', bytes: () => Buffer.alloc(4096, 'not a photo '), error: UNREADABLE },
  { name: 'a JPEG cut off in its header', bytes: () => samplePhoto(1).subarray(0, 1100), error: UNREADABLE },
  {
    name: 'a JPEG cut off half-way',
    bytes: () => samplePhoto(1).subarray(0, samplePhoto(1).length / 2),
    error: UNREADABLE,
  },
  {
    name: 'an SVG',
    bytes: () => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${' '.repeat(2000)}</svg>`),
    error: UNREADABLE,
  },
  {
    name: '20,000 × 20,000 pixels',
    bytes: () => pngHeader(20_000, 20_000),
    error: 'InvalidImageSize: Image size is too big.',
  },
  {
    name: 'more than 6 MB',
    bytes: () => Buffer.concat([samplePhoto(1), Buffer.alloc(MAX_IMAGE_BYTES)]),
    error: 'InvalidImageSize: Image size is too big.',
  },
])('a photo that is $name', ({ bytes, error }) => {
  test('is refused by detect and by enrolling, and nothing is kept', async () => {
    const photo = await bytes();
    expect(await azure.call('POST', '/detect', { bytes: photo })).toMatchObject({ status: 400, error });
    expect(await azure.call('POST', facesPath(), { bytes: photo })).toMatchObject({ status: 400, error });
    expect(await enrolments()).toBe(0);
  });
});

describe('a photo', () => {
  test('without a face: detect finds none, enrolling refuses', async () => {
    const sky = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#79b' } })
      .jpeg({ quality: 100 })
      .toBuffer();
    const detected = await azure.call('POST', '/detect', { bytes: sky });
    expect(detected).toMatchObject({ status: 200, body: [] });
    const added = await azure.call('POST', facesPath(), { bytes: sky });
    expect(added).toMatchObject({ status: 400, error: 'InvalidImage: No face detected in the image.' });
  });

  test('with three: enrolling wants to know which', async () => {
    const added = await azure.call('POST', facesPath(), { bytes: samplePhoto(1) });
    expect(added).toMatchObject({ status: 400, error: 'InvalidImage: There is more than 1 face in the image.' });
  });

  test.each([
    ['1,2,3', 'BadArgument: Invalid argument targetFace.'],
    ['1,2,3,x', 'BadArgument: Invalid argument targetFace.'],
    ['-5,0,50,50', 'BadArgument: Argument targetFace out of range.'],
    ['0,0,5000,5000', 'BadArgument: Argument targetFace out of range.'],
    ['0,0,40,40', 'InvalidImage: No face detected in the image.'],
  ])('with targetFace=%s: %s', async (targetFace, error) => {
    const added = await azure.call('POST', facesPath(), { bytes: samplePhoto(1), query: { targetFace } });
    expect(added).toMatchObject({ status: 400, error });
  });
});

describe('a body', () => {
  test('cut off half-way leaves nothing behind', async () => {
    const photo = samplePhoto(1);
    await new Promise<void>((resolve) => {
      const sending = httpRequest(`${azure.baseUrl}${facesPath()}`, {
        method: 'POST',
        headers: {
          'ocp-apim-subscription-key': service.key,
          'content-type': 'application/octet-stream',
          'content-length': photo.length,
        },
      });
      sending.on('error', () => resolve());
      sending.write(photo.subarray(0, photo.length / 2), () => sending.destroy());
      sending.on('close', resolve);
    });
    expect((await azure.call('GET', '/largepersongroups/people')).status).toBe(200);
    expect(await enrolments()).toBe(0);
  });

  test.each([
    ['{"name": "cut o', 'BadArgument: JSON parsing error.'],
    ['{"name": "x", "__proto__": {"admin": true}}', 'BadArgument: JSON parsing error.'],
    ['{"name": "x", "constructor": {"prototype": {}}}', 'BadArgument: JSON parsing error.'],
    ['[]', 'BadArgument: Request body is invalid.'],
    ['null', 'BadArgument: Request body is invalid.'],
    ['', 'BadArgument: Request body is invalid.'],
    ['{}', "BadArgument: 'name' is empty."],
    ['{"name": 5}', "BadArgument: 'name' is invalid."],
    [`{"name": "${'n'.repeat(129)}"}`, "BadArgument: 'name' is too long."],
    [`{"name": "n", "userData": "${'u'.repeat(16_385)}"}`, "BadArgument: 'userData' is too long."],
    ['{"name": "n", "recognitionModel": "recognition_05"}', "BadArgument: 'recognitionModel' is invalid."],
  ])('%s', async (rawBody, error) => {
    expect(await azure.call('PUT', '/largepersongroups/other', { rawBody })).toMatchObject({ status: 400, error });
    expect((await azure.call('GET', '/largepersongroups/other')).status).toBe(404);
  });

  test('of another media type is refused unread', async () => {
    const answer = await azure.call('POST', '/detect', {
      bytes: samplePhoto(1),
      headers: { 'content-type': 'image/jpeg' },
    });
    expect(answer).toMatchObject({ status: 415, error: 'BadArgument: Invalid Media Type.' });
  });

  test('with a name of 128 characters and user data of 16,384 is taken', async () => {
    const json = { name: '名'.repeat(128), userData: 'u'.repeat(16_384) };
    expect((await azure.call('PUT', '/largepersongroups/longest', { json })).status).toBe(200);
    expect((await azure.call('GET', '/largepersongroups/longest')).body).toMatchObject(json);
  });
});

describe('an id', () => {
  test.each([
    ['upper case', 'UPPER'],
    ['..', '%2e%2e%2fetc'],
    ['a slash', 'a%2Fb'],
    ['a space', 'a%20b'],
    ['65 characters', 'i'.repeat(65)],
    ['1,500 characters', 'i'.repeat(1500)],
  ])('with %s can be created by nobody and is nobody', async (_name, id) => {
    const message = 'Large person group ID is invalid.';
    const created = await azure.call('PUT', `/largepersongroups/${id}`, { json: { name: 'n' } });
    expect(created).toMatchObject({ status: 400, error: `BadArgument: ${message}` });
    const got = await azure.call('GET', `/largepersongroups/${id}`);
    expect(got).toMatchObject({ status: 404, error: `LargePersonGroupNotFound: ${message}` });
  });

  test('that nobody has is not found', async () => {
    expect(await azure.call('GET', `/largepersongroups/people/persons/${UNKNOWN_ID}`)).toMatchObject({
      status: 404,
      error: `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.`,
    });
    expect(
      await azure.call('POST', `/largepersongroups/people/persons/${UNKNOWN_ID}/persistedfaces`, { bytes: portrait }),
    ).toMatchObject({ status: 404, error: `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.` });
    expect(await azure.call('GET', `${facesPath()}/${UNKNOWN_ID}`)).toMatchObject({
      status: 404,
      error: `PersistedFaceNotFound: Persisted face \`${UNKNOWN_ID}\` is not found.`,
    });
    expect(await azure.call('GET', '/largepersongroups/nobody')).toMatchObject({
      status: 404,
      error: 'LargePersonGroupNotFound: Large person group is not found.',
    });
  });

  test.each(['me', '..%2f..', `${UNKNOWN_ID}x`])('of a person that is no GUID is not found: %s', async (id) => {
    expect(await azure.call('GET', `/largepersongroups/people/persons/${id}`)).toMatchObject({
      status: 404,
      error: 'PersonNotFound: Person ID is invalid.',
    });
  });
});

test('the 249th face of a person is refused, and the first 248 stay', async () => {
  const { body } = await azure.call<{ personId: string }>('POST', '/largepersongroups/people/persons', {
    json: { name: 'Much photographed' },
  });
  const path = `/largepersongroups/people/persons/${body.personId}/persistedfaces`;
  const [face] = await Promise.all([azure.call<{ persistedFaceId: string }>('POST', path, { bytes: portrait })]);
  expect(face.status).toBe(200);
  const { deps } = service;
  const [known] = await deps.store.sealedEnrolmentsOf(gallery, body.personId);
  const first = await deps.store.getEnrolment(gallery, body.personId, face.body.persistedFaceId);
  const { transformKey } = await deps.store.getGallery(gallery);
  const turnedWith = transformKey ? { transformKey } : {};
  for (let i = 1; i < MAX_ENROLMENTS_PER_PERSON; i++) {
    const copy = {
      ...first,
      ...turnedWith,
      enrolmentId: deps.newId(),
      packId: known!.packId,
      sealedTemplate: known!.sealedTemplate,
    };
    const { personId: _personId, enrolmentNo: _enrolmentNo, ...enrolment } = copy;
    await deps.store.addEnrolment(gallery, body.personId, enrolment, MAX_ENROLMENTS_PER_PERSON);
  }
  const refused = await azure.call('POST', path, { bytes: portrait });
  expect(refused.status).toBe(403);
  expect(refused.error).toMatch(/^QuotaExceeded: /);
  const person = await azure.call<{ persistedFaceIds: string[] }>(
    'GET',
    `/largepersongroups/people/persons/${body.personId}`,
  );
  expect(person.body.persistedFaceIds).toHaveLength(MAX_ENROLMENTS_PER_PERSON);
});
