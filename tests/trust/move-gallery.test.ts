// A gallery moves to another Kith with other keys: everybody is found there as here, and what lies between opens for the
// receiver alone.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGalleryFile, writeGalleryFile } from '../../src/backup/gallery-file.ts';
import {
  checkMovedPerson,
  describeGallery,
  exportPeople,
  importGallery,
  type MovedGallery,
  type MovedPerson,
} from '../../src/core/operations/move-gallery.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const REF: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };
const PEOPLE = ['ann', 'bob', 'cleo'] as const;

let here: TestService;
let there: TestService;
let folder: string;
let identity: string;
let recipient: string;
let file: string;

async function send({ url, key }: TestService, method: string, path: string, body?: object | Buffer) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : {} };
}

const acting = ({ deps }: TestService) => ({
  ...deps,
  audit: deps.auditLog.actingAs({ tenantId: 'home', keyId: 'test' }),
});

beforeAll(async () => {
  [here, there] = [await startService(), await startService()];
  folder = await mkdtemp(join(tmpdir(), 'kith-move-'));
  file = join(folder, 'club.age');
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  await send(here, 'PUT', '/v1/galleries/club', { purpose: 'the door', retentionDays: 77, keepPhotos: true });
  for (const name of PEOPLE) {
    const { json } = await send(here, 'POST', '/v1/galleries/club/people', { name, userData: `of ${name}` });
    const people = `/v1/galleries/club/people/${json.personId}`;
    const consent = { givenBy: name, method: 'on paper', textHash: 'ab'.repeat(32) };
    await send(here, 'PUT', `${people}/consent`, consent);
    await send(here, 'POST', `${people}/faces?minQuality=low`, await portraitOf(name));
    // Whoever withdrew stays behind
    if (name === 'cleo') await send(here, 'DELETE', `${people}/consent`);
  }
  const gallery = await here.deps.store.getGallery(REF);
  const sealedTo = { recipients: [recipient] };
  const written = writeGalleryFile(
    { to: file, sealedTo },
    describeGallery(here.deps, gallery),
    exportPeople(here.deps, gallery),
  );
  expect(await written).toBe(2);
});
afterAll(async () => {
  await here?.stop();
  await there?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('everybody is found there, with terms, consent and picture, under keys of the receiver’s', async () => {
  const opened = await openGalleryFile(file, { identities: [identity] });
  expect(await importGallery(acting(there), { ...REF, galleryId: 'moved' }, opened)).toEqual({
    persons: 2,
    enrolments: 2,
  });
  const { json: gallery } = await send(there, 'GET', '/v1/galleries/moved');
  expect(gallery).toMatchObject({ purpose: 'the door', retentionDays: 77, keepPhotos: true, people: 2, faces: 2 });
  for (const name of ['ann', 'bob'] as const) {
    const { json } = await send(there, 'POST', '/v1/identify?gallery=moved', await portraitOf(name));
    expect(json.faces[0].candidates[0]).toMatchObject({ name });
    expect(json.faces[0].candidates[0].score).toBeGreaterThan(0.99);
    const { personId } = json.faces[0].candidates[0];
    const { json: consent } = await send(there, 'GET', `/v1/galleries/moved/people/${personId}/consent`);
    expect(consent).toMatchObject({ givenBy: name, state: 'given' });
    const person = await there.deps.store.getPerson({ ...REF, galleryId: 'moved' }, personId);
    expect(person.userData).toBe(`of ${name}`);
    const photo = `/v1/galleries/moved/people/${personId}/faces/${person.enrolmentIds[0]}/photo`;
    expect((await send(there, 'GET', photo)).status).toBe(200);
  }
});

test('the file shows nothing, opens for nobody else, and is refused when it was cut or changed', async () => {
  const bytes = await readFile(file);
  for (const secret of ['ann', 'the door', 'recognition_04']) expect(bytes.includes(secret)).toBe(false);
  const other = await generateX25519Identity();
  await expect(openGalleryFile(file, { identities: [other] })).rejects.toThrow(/does not open/);
  const readAll = async (path: string) => {
    const { people } = await openGalleryFile(path, { identities: [identity] });
    for await (const _ of people);
  };
  await readAll(file);
  for (const length of [bytes.length - 1, bytes.length >> 1, 300, 10]) {
    const cut = join(folder, `cut-${length}.age`);
    await writeFile(cut, bytes.subarray(0, length));
    await expect(readAll(cut), `${length} bytes`).rejects.toThrow(/cut off|does not open|no exported/);
  }
  for (let i = 0; i < 20; i++) {
    const changed = Buffer.from(bytes);
    const at = Math.floor((bytes.length * (i + 0.5)) / 20);
    changed[at] = (changed[at] as number) ^ 1;
    const path = join(folder, `changed-${i}.age`);
    await writeFile(path, changed);
    await expect(readAll(path), `byte ${at}`).rejects.toThrow(/cut off|does not open/);
  }
});

describe('a file that somebody else sealed to the receiver’s public key', () => {
  let gallery: MovedGallery;
  let person: MovedPerson;
  beforeAll(async () => {
    const opened = await openGalleryFile(file, { identities: [identity] });
    gallery = opened.gallery;
    person = (await opened.people.next()).value as MovedPerson;
    await opened.people.return();
  });
  const face = () => person.faces[0] as MovedPerson['faces'][number];

  test.each([
    ['an id that is a path', () => ({ ...person, personId: '../../etc/passwd' })],
    ['no name', () => ({ ...person, name: '' })],
    ['a name too long', () => ({ ...person, name: 'x'.repeat(129) })],
    ['user data too long', () => ({ ...person, userData: 'x'.repeat(20_000) })],
    ['a template of another length', () => ({ ...person, faces: [{ ...face(), template: new Float32Array(64) }] })],
    [
      'a template that is no unit vector',
      () => ({ ...person, faces: [{ ...face(), template: new Float32Array(512).fill(1) }] }),
    ],
    [
      'a template of what is no number',
      () => ({ ...person, faces: [{ ...face(), template: new Float32Array(512).fill(Number.NaN) }] }),
    ],
    ['a picture that is none', () => ({ ...person, faces: [{ ...face(), photo: Buffer.from('<svg>') }] })],
    ['a picture too large', () => ({ ...person, faces: [{ ...face(), photo: new Uint8Array(300_000).fill(0xff) }] })],
    ['too many faces', () => ({ ...person, faces: Array.from({ length: 249 }, face) })],
  ])('with %s is refused, and nothing comes of it', async (_, make) => {
    const bad = make() as MovedPerson;
    expect(() => checkMovedPerson(bad, gallery.dims)).toThrow();
    const people = async function* () {
      yield person;
      yield bad;
    };
    const ref = { ...REF, galleryId: 'bad' };
    await expect(importGallery(acting(there), ref, { gallery, people: people() })).rejects.toThrow();
    expect(await there.deps.store.findGallery(ref)).toBeUndefined();
  });

  test('of another model, or for a gallery that is there, is refused', async () => {
    const people = async function* () {
      yield person;
    };
    const other = { ...gallery, packId: 'other' };
    await expect(
      importGallery(acting(there), { ...REF, galleryId: 'new' }, { gallery: other, people: people() }),
    ).rejects.toThrow(/model/);
    await expect(
      importGallery(acting(there), { ...REF, galleryId: 'moved' }, { gallery, people: people() }),
    ).rejects.toThrow();
    expect((await send(there, 'GET', '/v1/galleries/moved')).json.people).toBe(2);
  });
});
