// The console in a real browser, over the real service with real photos.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GalleryRef } from '../../src/core/types.ts';
import {
  choosePhotos,
  goTo,
  hasChromium,
  launchChromium,
  openPage,
  signIn,
  type WatchedPage,
} from '../support/browser.ts';
import { closeClean, expectReadable } from '../support/page-checks.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const HOSTILE_NAMES = [
  '<img src=x onerror=alert(1)>',
  'x'.repeat(128),
  'محمد بن عبد الله',
  '👩‍👩‍👧‍👦 Кошка 猫',
  '"><script>alert(1)</script>',
];

describe.skipIf(!hasChromium)('the console (skipped without /usr/bin/chromium: apt-get install chromium)', () => {
  let service: TestService;
  let browser: Browser;
  let folder: string;
  let watched: WatchedPage | undefined;

  beforeAll(async () => {
    service = await startService();
    browser = await launchChromium();
    folder = await mkdtemp(join(tmpdir(), 'kith-browser-'));
    for (const name of ['ann', 'annElsewhere', 'bob', 'cleo', 'dan'] as const) {
      await writeFile(join(folder, `${name}.jpg`), await portraitOf(name));
    }
    await writeFile(join(folder, 'party.jpg'), samplePhoto(3));
  });
  afterEach(async () => {
    if (!watched) return;
    const closing = watched;
    watched = undefined;
    await closeClean(closing, service.key);
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  const photo = (name: FaceName | 'party') => join(folder, `${name}.jpg`);

  async function open(options?: Parameters<typeof openPage>[2]): Promise<Page> {
    watched = await openPage(browser, service.url, options);
    await signIn(watched.page, service.key);
    return watched.page;
  }

  async function api(method: string, path: string, body?: object | Buffer) {
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
    return text === '' ? undefined : JSON.parse(text);
  }

  async function enrolled(gallery: string, name: string, who: FaceName): Promise<string> {
    const { personId } = await api('POST', `/galleries/${gallery}/people`, { name });
    await api('POST', `/galleries/${gallery}/people/${personId}/faces?minQuality=low`, await portraitOf(who));
    return personId;
  }

  async function pickGallery(page: Page, name: string): Promise<void> {
    await page.getByRole('button', { name: /Gallery/ }).click();
    await page.getByRole('option', { name, exact: true }).click();
  }

  test('a wrong key is told so, and the way to a right one', async () => {
    watched = await openPage(browser, service.url);
    const { page } = watched;
    await page.getByLabel('API key').fill('not-a-key');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'This key is not known' }).waitFor();
    expect((await page.goto(service.url))?.headers()['content-security-policy']).toContain("default-src 'none'");
  });

  test('three steps lead from nothing to a name', async () => {
    const page = await open();
    await page.getByLabel('What do you call it?').fill('The family');
    await page.getByLabel('What is it for?').fill('Sorting albums');
    await page.getByText('Each person’s own').click();
    await page.getByRole('button', { name: 'Make the gallery' }).click();
    for (const [name, who] of [
      ['Ann', 'ann'],
      ['Bob', 'bob'],
    ] as const) {
      await page.getByLabel('Name').fill(name);
      await choosePhotos(page, 'Choose photos', photo(who));
      const add = page.getByRole('button', { name: 'Add this person' });
      expect(await add.isDisabled()).toBe(true);
      await page.getByLabel('Who gave it?').fill(name);
      await page.getByLabel('How was it given?').fill('by word');
      await page.getByLabel('The text they agreed to').fill('Yes.');
      await add.click();
      await page.locator('.chip').filter({ hasText: name }).waitFor();
    }
    await page.getByRole('button', { name: 'That is enough: try a photo' }).click();
    await choosePhotos(page, 'Choose photos', photo('party'));
    const answer = page.locator('.answer').filter({ hasText: 'Ann' });
    await answer.getByText('Very likely the same person').waitFor();
    await page.getByText(`identify?gallery=the-family`).waitFor();
    await page.getByText('Nobody we know').first().waitFor();
    await answer.getByRole('button', { name: 'The numbers' }).click();
    await answer.getByText('A match from').waitFor();
    // The boxes lie where the faces are: hers is in the middle of the photo, once the page has settled
    const middle = async () => {
      const box = await page.locator('.box').filter({ hasText: 'Ann' }).boundingBox();
      const whole = await page.locator('.photo img').boundingBox();
      return ((box?.x ?? 0) + (box?.width ?? 0) / 2 - (whole?.x ?? 0)) / (whole?.width ?? 1);
    };
    await expect.poll(middle, { timeout: 10_000 }).toBeGreaterThan(0.55);
    await expect.poll(middle, { timeout: 10_000 }).toBeLessThan(0.7);
    await page.getByRole('button', { name: 'Go to the gallery' }).click();
    await page.getByRole('gridcell', { name: 'Ann' }).waitFor();
    expect(await api('GET', '/galleries/the-family')).toMatchObject({
      purpose: 'Sorting albums',
      consentPolicy: 'required',
      people: 2,
      faces: 2,
    });
  });

  test('a folder of twenty photos goes in, the three bad ones are named with what would help, and again adds nothing', async () => {
    await api('PUT', '/galleries/club', { name: 'Club', keepPhotos: true });
    const people = join(folder, 'people');
    const faces = ['ann', 'annElsewhere', 'bob', 'cleo', 'dan'] as const;
    for (let i = 0; i < 17; i++) {
      const name = faces[i % faces.length] as FaceName;
      const person = name === 'annElsewhere' ? 'ann' : name;
      await mkdir(join(people, person), { recursive: true });
      // No two files alike, or they would be one photo
      const bytes = await sharp(await portraitOf(name))
        .jpeg({ quality: 80 + i })
        .toBuffer();
      await writeFile(join(people, person, `${i}.jpg`), bytes);
    }
    const blank = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer();
    await writeFile(join(people, 'ann', 'wall.jpg'), blank);
    await writeFile(join(people, 'bob', 'group.jpg'), samplePhoto(1));
    await writeFile(join(people, 'cleo', 'torn.jpg'), (await portraitOf('cleo')).subarray(0, 200));

    const page = await open();
    await pickGallery(page, 'Club');
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('20 of 20 photos').waitFor({ timeout: 60_000 });
    await page.getByText('3 refused').waitFor();
    const refusals = page.locator('.refusals');
    await refusals.getByText('ann / wall.jpg').waitFor();
    await refusals.getByText('No face was found').waitFor();
    await refusals.getByText('It shows several people').waitFor();
    // With a good photo beside each, and a mark at what this one lacks
    expect(await refusals.getByRole('img', { name: /^A good photo/ }).count()).toBe(3);
    await refusals.getByText('Good: nobody else in the picture.').waitFor();
    await refusals.getByText('even light from the front; straight into the camera').waitFor();
    await refusals.getByText('The file is damaged').waitFor();
    expect(await api('GET', '/galleries/club')).toMatchObject({ people: 4, faces: 17 });

    await goTo(page, 'people');
    await page.getByRole('gridcell', { name: 'dan' }).waitFor();
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('20 of 20 photos').waitFor({ timeout: 60_000 });
    expect(await api('GET', '/galleries/club')).toMatchObject({ people: 4, faces: 17 });
  });

  test('of many people those that are looked at are fetched, wherever that is, by hand and by keyboard', async () => {
    const MANY = 5000;
    const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'town' };
    await api('PUT', '/galleries/town', { name: 'Town' });
    const persons = Array.from({ length: MANY }, (_, i) => ({
      person: {
        personId: `person-${i}`,
        name: `Person ${String(i).padStart(4, '0')}`,
        wrappedKey: service.deps.vault.newPersonKey('home'),
        createdMs: 1,
      },
      enrolments: [],
    }));
    await service.deps.store.importPersons(ref, persons);
    const page = await open();
    await pickGallery(page, 'Town');
    await goTo(page, 'people');
    const cell = (i: number) => page.getByRole('gridcell', { name: `Person ${String(i).padStart(4, '0')}` });
    await cell(0).waitFor();
    const grid = page.getByRole('grid');
    const asked = () => watched?.urls.filter((url) => url.includes('people-by-name')).length ?? 0;
    const before = asked();
    await grid.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await cell(MANY / 2).waitFor();
    // Not everybody on the way there
    expect(asked() - before).toBeLessThanOrEqual(4);
    expect(await page.getByRole('gridcell').count()).toBeLessThan(100);
    const columns = Number(await grid.getAttribute('aria-colcount'));
    expect(Number(await grid.getAttribute('aria-rowcount'))).toBe(Math.ceil(MANY / columns));

    // Whoever looks at one of them comes back to where they were
    await cell(MANY / 2).click();
    await page.getByRole('heading', { name: 'Person 2500' }).waitFor();
    await page.getByRole('link', { name: 'All people' }).click();
    await cell(MANY / 2).waitFor();

    await cell(MANY / 2).focus();
    await page.keyboard.press('Control+End');
    await cell(MANY - 1).waitFor();
    await expect.poll(() => cell(MANY - 1).evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Person 4998' }).waitFor();

    await goTo(page, 'people');
    await page.getByLabel('Order').selectOption('Newest first');
    await cell(MANY - 1).waitFor();
    await page.getByLabel('Search by name').fill('person 12');
    await page.getByText('100 people found').waitFor();
    await cell(1299).waitFor();
  });

  test('one person enrolled twice is found, merged, and parted again', async () => {
    await api('PUT', '/galleries/twins', { name: 'Twins', keepPhotos: true });
    const first = await enrolled('twins', 'Anna', 'ann');
    await enrolled('twins', 'Anne', 'annElsewhere');
    await enrolled('twins', 'Bob', 'bob');
    const page = await open();
    await pickGallery(page, 'Twins');
    await goTo(page, 'duplicates');
    await page.getByRole('button', { name: 'Look for them' }).click();
    await page.getByRole('button', { name: 'The same person: merge' }).click();
    // A slip is undone where it happened
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'The same person: merge' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await vi.waitFor(async () => expect((await api('GET', '/galleries/twins')).people).toBe(2), { timeout: 10_000 });
    const left = (await api('GET', '/galleries/twins/people')).people.find(
      ({ name }: { name: string }) => name !== 'Bob',
    );
    await goTo(page, `people/${left.personId}`);
    await page.getByText(/was merged into this person/).waitFor();
    expect(await page.locator('.face-card').count()).toBe(2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(/was merged into this person/).waitFor({ state: 'detached' });
    expect((await api('GET', '/galleries/twins')).people).toBe(3);
    expect((await api('GET', `/galleries/twins/people/${first}`)).name).toBe('Anna');
  });

  test('who searched for somebody is shown, what is held is saved, and the log is checked', async () => {
    await api('PUT', '/galleries/asked', { name: 'Asked' });
    const personId = await enrolled('asked', 'Asked For', 'ann');
    const photo = await readFile(join(folder, 'ann.jpg'));
    await fetch(`${service.url}/v1/identify?gallery=asked`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.key}`, 'content-type': 'image/jpeg' },
      body: new Uint8Array(photo),
    });
    const page = await open();
    await pickGallery(page, 'Asked');
    await goTo(page, `people/${personId}`);
    await page.getByRole('button', { name: 'Show what is on record' }).click();
    await page.getByText(/named, score 0\.9\d|named, score 1\.00/).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save everything that is held about them' }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toContain('What is held about you');
    await goTo(page, 'privacy');
    await page.getByText(/named 1 person/).waitFor();
    expect(await page.getByRole('link', { name: 'person 1' }).getAttribute('href')).toBe(`#people/${personId}`);
    await goTo(page, 'health');
    await page.getByRole('button', { name: 'Check it now' }).click();
    await page.getByText(/Nobody changed it/).waitFor();
  });

  test('whoever is erased is gone, and the receipt is saved', async () => {
    await api('PUT', '/galleries/leaving', { name: 'Leaving', retentionDays: 20 });
    const personId = await enrolled('leaving', 'Gone Soon', 'cleo');
    const page = await open();
    await pickGallery(page, 'Leaving');
    await goTo(page, 'privacy');
    const soon = page.getByRole('region', { name: 'Forgotten within 30 days' });
    await soon.getByRole('link', { name: 'Gone Soon' }).waitFor();
    await page.getByRole('region', { name: 'Latest erasures' }).getByText('None on record.').waitFor();
    await goTo(page, `people/${personId}`);
    await page.getByRole('button', { name: 'Erase this person' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Erase for good' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`erasure-${personId}.json`);
    expect(JSON.parse(await readFile(await download.path(), 'utf8'))).toMatchObject({ receipt: expect.anything() });
    await page.getByText('Nobody is here yet.').waitFor();
    await goTo(page, 'privacy');
    await soon.getByText('Nobody.').waitFor();
    await page.getByRole('region', { name: 'Latest erasures' }).getByText('1 person').waitFor();
    expect((await api('GET', '/galleries/leaving')).people).toBe(0);
  });

  test('a key is rotated and the old one revoked', async () => {
    await api('POST', '/keys', { label: 'front desk', permissions: ['search'] });
    const page = await open();
    await goTo(page, 'keys');
    const desk = page.locator('.key').filter({ hasText: 'front desk' });
    await desk.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    const made = (await page.locator('.key-value').textContent()) ?? '';
    await page.getByRole('button', { name: 'Close' }).click();
    const answers = (key: string) =>
      fetch(`${service.url}/v1/galleries`, { headers: { authorization: `Bearer ${key}` } }).then(
        ({ status }) => status,
      );
    expect(await answers(made)).toBe(200);
    await page.getByText('front desk').nth(1).waitFor();
    await desk.first().getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('front desk').nth(1).waitFor({ state: 'detached' });
    expect(await answers(made)).toBe(200);
  });

  test.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)(
    'every page is readable for everybody in %s at %s px, with names of any kind',
    async (scheme, widthPx) => {
      const gallery = `names-${scheme}-${widthPx}`;
      const galleryName = `${HOSTILE_NAMES[0]} ${scheme} ${widthPx}`;
      await api('PUT', `/galleries/${gallery}`, { name: galleryName, keepPhotos: true });
      for (const name of HOSTILE_NAMES.slice(1)) await api('POST', `/galleries/${gallery}/people`, { name });
      const personId = await enrolled(gallery, HOSTILE_NAMES[0] as string, 'dan');
      watched = await openPage(browser, service.url, { scheme, widthPx });
      const { page } = watched;
      await expectReadable(page, 'sign in');
      await signIn(page, service.key);
      await pickGallery(page, galleryName);
      for (const hash of [
        'identify',
        'compare',
        'similar',
        'group',
        'people',
        `people/${personId}`,
        'add',
        'duplicates',
        'privacy',
        'keys',
        'health',
        'new',
      ]) {
        await goTo(page, hash);
        await page.locator('.loading').first().waitFor({ state: 'detached' });
        await page.locator('h1').first().waitFor();
        if (hash === 'people') {
          for (const name of HOSTILE_NAMES) await page.getByText(name, { exact: true }).first().waitFor();
        }
        await expectReadable(page, hash);
      }
    },
  );

  test('the first load weighs less than 250 kB', async () => {
    watched = await openPage(browser, service.url);
    const bytes = await watched.page.evaluate(() =>
      performance
        .getEntries()
        .reduce((sum, entry) => sum + ('encodedBodySize' in entry ? Number(entry.encodedBodySize) : 0), 0),
    );
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(250_000);
  });
});
