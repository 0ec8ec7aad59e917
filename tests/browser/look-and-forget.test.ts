// Comparing two photos, sorting a pile and finding similar faces in a real browser, over the real service.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  choosePhotos,
  goTo,
  isWholeBrowserRun,
  launchChromium,
  openPage,
  signIn,
  type WatchedPage,
} from '../support/browser.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { closeClean, expectReadable } from '../support/page-checks.ts';
import { FACES, type FaceName, inTheDarkOf, portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A name of a file that would run, were it ever read as HTML. */
const HOSTILE_FILE = '<img src=x onerror=alert(1)>.jpg';

describe.skipIf(!isWholeBrowserRun)('photos that are looked at and forgotten (npm run test:browser)', () => {
  let service: TestService;
  let kith: KithHttp;
  let browser: Browser;
  let folder: string;
  let watched: WatchedPage | undefined;
  let nowMs = Date.now();

  beforeAll(async () => {
    service = await startService({ clock: { nowMs: () => nowMs } });
    kith = kithHttp(service);
    browser = await launchChromium();
    folder = await mkdtemp(join(tmpdir(), 'kith-browser-'));
    for (const name of Object.keys(FACES) as FaceName[]) {
      await writeFile(join(folder, `${name}.jpg`), await portraitOf(name));
    }
    await writeFile(join(folder, 'party.jpg'), samplePhoto(1));
    await writeFile(join(folder, 'torn.jpg'), (await portraitOf('cleo')).subarray(0, 300));
    await writeFile(join(folder, HOSTILE_FILE), await portraitOf('bob'));
    await kith.call('PUT', '/galleries/club', { name: 'Club', keepPhotos: true });
    await kith.call('PUT', '/galleries/strict', { name: 'Strict', consentPolicy: 'required' });
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

  const file = (name: string) => join(folder, name.includes('.') ? name : `${name}.jpg`);

  async function open(hash: string, options: Parameters<typeof openPage>[2] = {}, key = service.key): Promise<Page> {
    watched = await openPage(browser, service.url, options);
    await signIn(watched.page, key);
    await goTo(watched.page, hash);
    return watched.page;
  }

  async function pickGallery(page: Page, name: string): Promise<void> {
    await page.getByRole('button', { name: /Gallery/ }).click();
    await page.getByRole('option', { name, exact: true }).click();
  }

  describe('compare', () => {
    test('says of two photos who is on them', async () => {
      const page = await open('compare', { scheme: 'dark', widthPx: 360 });
      await page.getByText('Both photos are needed').waitFor();
      await choosePhotos(page, 'Choose the first photo', file('annElsewhere'));
      await choosePhotos(page, 'Choose the second photo', file('party'));
      // Three people are on it; the largest is meant until another is chosen
      const second = page.getByRole('region', { name: 'Second photo' });
      await second.getByText('Which face is meant?').waitFor();
      const answer = page.getByRole('region', { name: 'The answer' });
      const { body } = await kith.call('POST', '/detect', samplePhoto(1));
      const ann = body.faces.findIndex(
        ({ box }: { box: { leftPx: number } }) => Math.abs(box.leftPx - FACES.ann.box[0]) < 20,
      );
      const other = body.faces.findIndex((_: object, i: number) => i !== ann);
      await second.getByRole('radio').nth(other).check({ force: true });
      await answer.getByRole('heading', { name: 'Different people' }).waitFor();
      await second.getByRole('radio').nth(other).focus();
      // By keyboard to her face
      for (let i = 0; i < 3 && !(await second.getByRole('radio').nth(ann).isChecked()); i++) {
        await page.keyboard.press('ArrowRight');
      }
      await answer.getByRole('heading', { name: 'Very likely the same person' }).waitFor();
      await answer.getByRole('button', { name: 'The numbers' }).click();
      await answer.getByText('Pairs of different people that come this close').waitFor();
      expect(await answer.locator('img.face').count()).toBe(2);
      await expectReadable(page, 'compare');
      await page.getByRole('button', { name: 'Compare others' }).click();
      await page.getByText('Both photos are needed').waitFor();
    });

    test('says what to do with a torn photo, and compares two that are picked together', async () => {
      const { key } = await service.deps.keys.create({ tenantId: 'home', label: 'enrols', permissions: ['search'] });
      const page = await open('compare', {}, key);
      await choosePhotos(page, 'Choose the first photo', file('torn'));
      await page.getByRole('alert').filter({ hasText: 'That did not work' }).waitFor();
      await page.getByRole('button', { name: 'Another photo' }).click();
      // Two that are picked together are the two to compare
      await choosePhotos(page, 'Choose the first photo', [file('ann'), file(HOSTILE_FILE)]);
      await page
        .getByRole('region', { name: 'The answer' })
        .getByRole('heading', { name: 'Different people' })
        .waitFor();
      await page.getByText(HOSTILE_FILE).waitFor();
    });
  });

  describe('sorting a pile', () => {
    const pile = ['ann', 'annElsewhere', 'party', HOSTILE_FILE, 'cleo', 'torn'];

    test('brings each person’s faces together, and a name takes them into the gallery', async () => {
      const page = await open('group');
      await pickGallery(page, 'Club');
      await page.getByText('No pile yet.').waitFor();
      await choosePhotos(page, 'Choose photos', pile.map(file));
      await page.getByText('6 of 6 photos looked at').waitFor();
      await page.getByText('1 person seen more than once').waitFor();
      await page.getByText('The file is damaged').waitFor();
      const ann = page.getByRole('region', { name: 'Person 1' });
      expect(await ann.getByRole('button', { pressed: true }).count()).toBe(3);
      await expectReadable(page, 'group');

      // One is left out; the others get her name
      await ann.getByRole('button', { name: /^party\.jpg/ }).click();
      await ann.getByLabel('Who is it?').fill('<b>Ann</b>');
      await ann.getByRole('button', { name: 'Add 2 photos to “Club”' }).click();
      await ann.getByText('2 photos added to <b>Ann</b>.').waitFor();
      expect(await kith.call('GET', '/galleries/club')).toMatchObject({ body: { people: 1, faces: 2 } });

      // One of several people in a photo is added by her box, to the person of that name
      await ann.getByRole('button', { name: /^party\.jpg/ }).click();
      await ann.getByLabel('Who is it?').fill('<b>Ann</b>');
      await ann.getByRole('button', { name: 'Add 1 photo to “Club”' }).click();
      await ann.getByText('1 photo added').waitFor();
      expect(await kith.call('GET', '/galleries/club')).toMatchObject({ body: { people: 1, faces: 3 } });

      // Another photo joins the pile: what was added stays so
      await choosePhotos(page, 'Choose photos', [file('dan'), file('ann')]);
      await page.getByText('7 of 7 photos looked at').waitFor();
      await ann.getByRole('button', { name: /^ann\.jpg.*added$/ }).waitFor();
      const alone = page.getByRole('region', { name: 'Seen once' });
      await alone.getByRole('button', { name: /^dan\.jpg/ }).click();
      await alone.getByLabel('Who is it?').fill('Dan');
      await alone.getByRole('button', { name: 'Add 1 photo to “Club”' }).click();
      await alone.getByText('1 photo added to Dan.').waitFor();
      expect(await kith.call('GET', '/galleries/club')).toMatchObject({ body: { people: 2, faces: 4 } });
    });

    test('asks for consent where the gallery wants it, and puts it on record', async () => {
      const page = await open('group', { scheme: 'dark', widthPx: 360 });
      await pickGallery(page, 'Strict');
      await choosePhotos(page, 'Choose photos', [file('ann'), file('annElsewhere')]);
      const ann = page.getByRole('region', { name: 'Person 1' });
      await ann.getByLabel('Who is it?').fill('Ann');
      const add = ann.getByRole('button', { name: 'Add 2 photos to “Strict”' });
      expect(await add.isDisabled()).toBe(true);
      await ann.getByLabel('Who gave it?').fill('Ann');
      await ann.getByLabel('How was it given?').fill('signed on paper');
      await ann.getByLabel('The text they agreed to').fill('Yes, I agree.');
      await expectReadable(page, 'group with consent');
      await add.click();
      await ann.getByText('2 photos added to Ann.').waitFor();
      const { body } = await kith.call('GET', '/galleries/strict/people');
      const consent = await kith.call('GET', `/galleries/strict/people/${body.people[0].personId}/consent`);
      expect(consent.body).toMatchObject({ givenBy: 'Ann', method: 'signed on paper', state: 'given' });
    });

    test('of somebody who is known already, consent is put on record on their page, and a poor photo is told why', async () => {
      const { body } = await kith.call('POST', '/galleries/strict/people', { name: 'Dan' });
      await writeFile(file('dark.jpg'), await inTheDarkOf('dan'));
      const page = await open('people');
      await pickGallery(page, 'Strict');
      await goTo(page, `people/${body.personId}`);
      await choosePhotos(page, 'Add photos', file('dan'));
      await page.getByText('This person’s consent is not on record').waitFor();
      await page.getByRole('button', { name: 'Put consent on record' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Who gave it?').fill('Dan');
      await dialog.getByLabel('How was it given?').fill('by word');
      await dialog.getByLabel('The text they agreed to').fill('Yes.');
      await dialog.getByLabel('Until when?').fill('2020-01-01');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByRole('alert').waitFor();
      await dialog.getByLabel('Until when?').fill('2101-01-01');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Given by Dan (by word)').waitFor();
      await page.getByText(/^Ends on .*2101/).waitFor();
      await choosePhotos(page, 'Add photos', [file('dan'), file('dark.jpg')]);
      await page.getByText('it is too dark: turn towards the light').waitFor();
      expect(await page.getByRole('img', { name: /^A good photo/ }).count()).toBe(1);
      await expect.poll(() => page.locator('.face-card').count()).toBe(1);
      await expectReadable(page, 'a person with a refused photo');
    });

    test('says so when what was looked at is forgotten', async () => {
      const page = await open('group');
      await choosePhotos(page, 'Choose photos', [file('ann')]);
      await page.getByText('1 of 1 photo looked at').waitFor();
      nowMs += 3_601_000;
      await choosePhotos(page, 'Choose photos', [file('bob')]);
      await page.getByText('looked at more than an hour ago and are forgotten').waitFor();
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.getByText('No pile yet.').waitFor();
      await choosePhotos(page, 'Choose photos', [file('ann')]);
      await page.getByRole('region', { name: 'Seen once' }).waitFor();
    });

    test('a key that may only search is told so when it adds', async () => {
      const { key } = await service.deps.keys.create({ tenantId: 'home', label: 'desk', permissions: ['search'] });
      const page = await open('group', {}, key);
      await choosePhotos(page, 'Choose photos', [file('cleo')]);
      const alone = page.getByRole('region', { name: 'Seen once' });
      await alone.getByRole('button', { name: /^cleo\.jpg/ }).click();
      await alone.getByLabel('Who is it?').fill('Cleo');
      await alone.getByRole('button', { name: /^Add 1 photo/ }).click();
      await alone.getByText('This key may not do that').waitFor();
      expect(await alone.getByLabel('Who is it?').inputValue()).toBe('Cleo');
    });
  });

  test('similar faces are found in a pile and among people, best first', async () => {
    const id = 'alike';
    await kith.call('PUT', `/galleries/${id}`, { name: id, keepPhotos: true });
    for (const who of ['bob', 'annElsewhere'] as const) {
      const { body } = await kith.call('POST', `/galleries/${id}/people`, { name: who });
      await kith.call('POST', `/galleries/${id}/people/${body.personId}/faces?minQuality=low`, await portraitOf(who));
    }
    const page = await open('similar', { widthPx: 360 });
    await pickGallery(page, id);
    await page.getByText('Choose a face first.').waitFor();
    await choosePhotos(page, 'Choose a photo of the face', file('ann'));
    const people = page.getByRole('region', { name: `Among the people of “${id}”` });
    await people.getByRole('button', { name: 'Look among the people' }).click();
    await people.getByRole('listitem').nth(1).waitFor();
    expect(await people.getByRole('link').allTextContents()).toEqual(['annElsewhere', 'bob']);
    expect(await people.locator('.outcome').allTextContents()).toEqual([
      'Very likely the same person',
      'Probably somebody else',
    ]);
    await choosePhotos(page, 'Choose photos', ['bob', 'cleo', 'annElsewhere'].map(file));
    const results = page.getByRole('region', { name: 'Most alike first' });
    await results.getByRole('listitem').nth(2).waitFor();
    expect((await results.locator('.file-name').allTextContents())[0]).toBe('annElsewhere.jpg');
    expect((await results.locator('.outcome').allTextContents())[0]).toBe('Very likely the same person');
    await expectReadable(page, 'similar');
  });
});
