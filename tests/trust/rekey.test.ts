// A gallery's templates are turned with a key of its own: two galleries' can't be linked, and the key can be changed while
// people are enrolled and searched for.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protectReport } from '../../src/core/operations/protect-report.ts';
import { rekeyGallery } from '../../src/core/operations/rekey-gallery.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const CLUB: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };
const GYM: GalleryRef = { ...CLUB, galleryId: 'gym' };
const PEOPLE = ['ann', 'bob', 'cleo'] as const;

let service: TestService;
const photos = new Map<string, Buffer>();

async function send(method: string, url: string, body?: object | Buffer) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(service.url + url, {
    method,
    headers: {
      authorization: `Bearer ${service.key}`,
      ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const json = JSON.parse(await response.text());
  expect(response.status, JSON.stringify(json)).toBeLessThan(300);
  return json;
}

const nameIn = async (gallery: string, who: string): Promise<string> => {
  const { faces } = await send('POST', `/v1/identify?gallery=${gallery}`, photos.get(who));
  return faces[0].candidates[0]?.name ?? 'nobody';
};

async function enrol(gallery: string, who: string, name: string = who) {
  const { personId } = await send('POST', `/v1/galleries/${gallery}/people`, { name });
  await send('POST', `/v1/galleries/${gallery}/people/${personId}/faces?minQuality=low`, photos.get(who));
  return personId as string;
}

async function keptTemplate(ref: GalleryRef, name: string): Promise<Float32Array> {
  const person = await service.deps.store.findPersonByName(ref, name);
  const [sealed] = await service.deps.store.sealedEnrolmentsOf(ref, person?.personId ?? '');
  if (!sealed) throw new Error(`${name} has no template`);
  return service.deps.vault.openTemplate('home', sealed.wrappedKey, sealed.sealedTemplate);
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

const deps = () => ({ ...service.deps, audit: service.deps.auditLog.actingAs({ tenantId: 'home', keyId: 'test' }) });

beforeAll(async () => {
  service = await startService();
  for (const who of PEOPLE) photos.set(who, await portraitOf(who));
  for (const gallery of ['club', 'gym']) {
    await send('PUT', `/v1/galleries/${gallery}`, {});
    for (const who of PEOPLE) await enrol(gallery, who);
  }
});
afterAll(() => service?.stop());

describe('two galleries with the same people', () => {
  test('find them, and keep templates that have nothing in common', async () => {
    for (const who of PEOPLE) {
      expect(await nameIn('club', who)).toBe(who);
      expect(await nameIn('gym', who)).toBe(who);
      // The very same photo: 1 without the keys
      expect(Math.abs(cosine(await keptTemplate(CLUB, who), await keptTemplate(GYM, who)))).toBeLessThan(0.25);
    }
  });

  test('are reported so, beside what the keys would show', async () => {
    const galleries = [await service.deps.store.getGallery(CLUB), await service.deps.store.getGallery(GYM)] as const;
    const report = await protectReport(deps(), galleries);
    expect(report.samePerson.count).toBe(3);
    expect(report.samePersonUnturned.lowest).toBeGreaterThan(0.999);
    expect(report.samePerson.highest).toBeLessThan(0.25);
  });
});

describe('a new key', () => {
  test('comes while people are enrolled and searched for: no request fails, nobody is lost', async () => {
    const before = await service.deps.store.getGallery(CLUB);
    const oldTemplate = await keptTemplate(CLUB, 'ann');
    let running = true;
    let searches = 0;
    let enrolled = 0;
    const searching = (async () => {
      for (let i = 0; running; i++) {
        const who = PEOPLE[i % 3] as string;
        expect(await nameIn('club', who)).toBe(who);
        searches++;
      }
    })();
    const enrolling = (async () => {
      for (let i = 0; running; i++) {
        // Somebody more with the face of one who is there would be a second answer: another photo of a gallery's own
        await enrol('club', PEOPLE[i % 3] as string, PEOPLE[i % 3]);
        enrolled++;
      }
    })();
    while (searches < 6 || enrolled < 4) {
      const result = await rekeyGallery(deps(), { gallery: CLUB });
      expect(result.outcome).toBe('rekeyed');
      await new Promise((go) => setTimeout(go, 100));
    }
    running = false;
    await Promise.all([searching, enrolling]);
    expect(searches).toBeGreaterThan(3);
    expect(enrolled).toBeGreaterThan(1);
    const after = await service.deps.store.getGallery(CLUB);
    expect(after.transformKey).toBeDefined();
    expect(after.transformKey).not.toEqual(before.transformKey);
    expect(Math.abs(cosine(oldTemplate, await keptTemplate(CLUB, 'ann')))).toBeLessThan(0.25);
    for (const who of PEOPLE) expect(await nameIn('club', who)).toBe(who);
    const { enrolments } = await service.deps.store.countGallery(CLUB);
    expect(enrolments).toBe(3 + enrolled);
    expect((await service.deps.index.size(after.galleryNo)).enrolments).toBe(enrolments);
  });

  test('that was cut off goes on where it was, with the key that was begun with', async () => {
    const begun = await service.deps.store.beginRekey(GYM, service.deps.vault.newTransformKey('home'));
    const stop = new AbortController();
    stop.abort();
    expect(await rekeyGallery(deps(), { gallery: GYM, signal: stop.signal })).toEqual({
      outcome: 'interrupted',
      turned: 0,
    });
    for (const who of PEOPLE) expect(await nameIn('gym', who)).toBe(who);
    expect(await rekeyGallery(deps(), { gallery: GYM })).toEqual({ outcome: 'rekeyed', templates: 3 });
    expect((await service.deps.store.getGallery(GYM)).transformKey).toEqual(begun);
    for (const who of PEOPLE) expect(await nameIn('gym', who)).toBe(who);
  });

  test('comes to a gallery of before there were keys', async () => {
    const old: GalleryRef = { ...CLUB, galleryId: 'old' };
    await service.deps.store.createGallery({ ...old, name: 'Old', recognitionModel: 'recognition_04', createdMs: 0 });
    await enrol('old', 'ann');
    const plain = await keptTemplate(old, 'ann');
    expect(await rekeyGallery(deps(), { gallery: old })).toEqual({ outcome: 'rekeyed', templates: 1 });
    expect(await nameIn('old', 'ann')).toBe('ann');
    expect(Math.abs(cosine(plain, await keptTemplate(old, 'ann')))).toBeLessThan(0.25);
  });

  test('leaves merging, undoing and moving as they are', async () => {
    const [one, two] = [await enrol('gym', 'ann', 'ann'), await enrol('gym', 'ann', 'ann')];
    const { mergeId } = await send('POST', `/v1/galleries/gym/people/${one}/merge`, { from: two });
    await rekeyGallery(deps(), { gallery: GYM });
    await send('POST', `/v1/galleries/gym/merges/${mergeId}/undo`, {});
    expect(await nameIn('gym', 'ann')).toBe('ann');
    for (const id of [one, two]) {
      const [sealed] = await service.deps.store.sealedEnrolmentsOf(GYM, id);
      expect(sealed).toBeDefined();
    }
  });
});
