// From a first look at the console to a first answer.
import { describe, expect, test, vi } from 'vitest';
import { choosePhotos, hasChromium } from '../support/browser.ts';
import { consoleTest } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';
import { inTheDarkOf } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!hasChromium)('the first steps of the console (skipped without /usr/bin/chromium)', () => {
  const pages = consoleTest();
  const { kith } = pages;

  test('a wrong key is told so, and the way to a right one', async () => {
    const page = await pages.arrive();
    await page.getByLabel('API key').fill('not-a-key');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'This key is not known' }).waitFor();
    expect((await page.goto(pages.service.url))?.headers()['content-security-policy']).toContain("default-src 'none'");
  });

  test('three steps lead from nothing to a name', async () => {
    const page = await pages.open();
    await page.getByLabel('What do you call it?').fill('The family');
    await page.getByLabel('What is it for?').fill('Sorting albums');
    await page.getByText('Each person’s own').click();
    await page.getByRole('button', { name: 'Make the gallery' }).click();
    for (const [name, who] of [
      ['Ann', 'ann'],
      ['Bob', 'bob'],
    ] as const) {
      await page.getByLabel('Name').fill(name);
      await choosePhotos(page, 'Choose photos', pages.photo(who));
      const add = page.getByRole('button', { name: 'Add this person' });
      expect(await add.isDisabled()).toBe(true);
      await page.getByLabel('Who gave it?').fill(name);
      await page.getByLabel('How was it given?').fill('by word');
      await page.getByLabel('The text they agreed to').fill('Yes.');
      await add.click();
      await page.locator('.chip').filter({ hasText: name }).waitFor();
    }
    await page.getByRole('button', { name: 'That is enough: try a photo' }).click();
    await choosePhotos(page, 'Choose photos', pages.photo('party'));
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
    expect((await kith.call('GET', '/galleries/the-family')).body).toMatchObject({
      purpose: 'Sorting albums',
      consentPolicy: 'required',
      people: 2,
      faces: 2,
    });
  });

  test('the first load weighs less than 250 kB', async () => {
    const page = await pages.arrive();
    const bytes = await page.evaluate(() =>
      performance
        .getEntries()
        .reduce((sum, entry) => sum + ('encodedBodySize' in entry ? Number(entry.encodedBodySize) : 0), 0),
    );
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(250_000);
  });

  test('a name that was added already, with a photo that is refused, erases nobody', async () => {
    const page = await pages.open('new');
    await page.getByLabel('What do you call it?').fill('Twice');
    await page.getByRole('button', { name: 'Make the gallery' }).click();
    await page.getByText('A name and at least one photo are needed.').waitFor();
    await page.getByLabel('Name').fill('Ann');
    await choosePhotos(page, 'Choose photos', [pages.photo('ann'), pages.photo('party')]);
    // The wrong one is taken out again
    await page.getByRole('button', { name: 'Leave out party.jpg' }).click();
    await expectReadable(page, 'photos that were picked');
    await page.keyboard.press('Escape');
    await page.getByLabel('Name').press('Enter');
    await page.locator('.chip').filter({ hasText: 'Ann' }).waitFor();
    const dark = await pages.file('dark.jpg', await inTheDarkOf('dan'));
    await page.getByLabel('Name').fill('Ann');
    await choosePhotos(page, 'Choose photos', dark);
    await page.getByRole('button', { name: 'Add this person' }).click();
    await page.getByText('it is too dark: turn towards the light').waitFor();
    await expectReadable(page, 'photos that were refused');
    expect((await kith.call('GET', '/galleries/twice')).body).toMatchObject({ people: 1, faces: 1 });
    // Whoever is new and has no good photo is not left behind
    await page.getByLabel('Name').fill('Nobody');
    await choosePhotos(page, 'Choose photos', dark);
    await page.getByRole('button', { name: 'Add this person' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Leave out dark.jpg' }).count()).toBe(0);
    await page.getByText('it is too dark: turn towards the light').waitFor();
    expect((await kith.call('GET', '/galleries/twice')).body).toMatchObject({ people: 1, faces: 1 });
  });

  test('a gallery with nobody in it says so before a photo is asked about', async () => {
    await kith.call('PUT', '/galleries/a-empty', { name: 'A Empty' });
    const page = await pages.open();
    await page.getByText('Nobody is in this gallery yet').waitFor();
    await choosePhotos(page, 'Choose photos', pages.photo('ann'));
    await page.getByText('Nobody we know').waitFor();
    expect(await page.getByText(/With 0 people here/).count()).toBe(0);
    await page.getByRole('main').getByRole('link', { name: 'Add photos' }).click();
    await page.getByRole('heading', { name: 'Add photos' }).waitFor();
  });
});
