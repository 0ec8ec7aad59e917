// The service goes away while the page is open: what is said, and that trying again loses nothing.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, isWholeBrowserRun } from '../support/browser.ts';
import { otherOf, outageTest } from '../support/outage.ts';
import { expectReadable } from '../support/page-checks.ts';
import { portraitOf } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!isWholeBrowserRun)('a service that goes away (npm run test:browser)', () => {
  const { key, pages, kith, kill, start, fault, again, overcome } = outageTest();

  beforeAll(async () => {
    await kith.call('PUT', '/galleries/home', { name: 'Home' });
    for (const name of ['ann', 'bob'] as const) {
      const { personId } = (await kith.call('POST', '/galleries/home/people', { name })).body;
      const faces = `/galleries/home/people/${personId}/faces?minQuality=low`;
      expect((await kith.call('POST', faces, await portraitOf(name))).status).toBe(201);
    }
  });

  test('at the door: the key that was typed is still there', async () => {
    const page = await pages.open();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').fill(key);
    await kill();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await fault(page).waitFor();
    await expectReadable(page, 'a sign-in that fails');
    await start();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  test('who is this: the photo that was dropped is looked at once it is back', async () => {
    const page = await pages.open();
    await kill();
    await choosePhotos(page, 'Choose photos', pages.photo('party'));
    const looked = page.getByRole('region', { name: 'party.jpg' });
    // Pressed while it is still away, it says so again
    await fault(looked).waitFor();
    await expectReadable(page, 'a photo that could not be asked about');
    await again(looked).click();
    await overcome(looked);
    await looked.locator('.answer').filter({ hasText: 'ann' }).waitFor();
  });

  test('compare: both photos stay', async () => {
    const page = await pages.open('compare');
    await choosePhotos(page, 'Choose the first photo', pages.photo('ann'));
    const first = page.getByRole('region', { name: 'First photo' });
    await first.locator('img.face').waitFor();
    await kill();
    await choosePhotos(page, 'Choose the second photo', pages.photo('annElsewhere'));
    const second = page.getByRole('region', { name: 'Second photo' });
    await overcome(second);
    await page.getByRole('heading', { name: 'Very likely the same person' }).waitFor();
  });

  test('a screen that was not fetched before is fetched once the service is back', async () => {
    const page = await pages.open();
    await kill();
    await goTo(page, 'compare');
    await page.getByRole('alert').filter({ hasText: 'A part of this page could not be fetched' }).waitFor();
    await start();
    await again(page).click();
    await page.getByRole('heading', { name: 'Compare two photos' }).waitFor();
  });

  test('a pile: photos that were not looked at wait', async () => {
    const page = await pages.open('group');
    await choosePhotos(page, 'Choose photos', pages.photo('ann'));
    await page.getByText('1 of 1 photo looked at').waitFor();
    await kill();
    await choosePhotos(page, 'Choose photos', [pages.photo('annElsewhere'), pages.photo('cleo')]);
    await overcome(page);
    await page.getByText('3 of 3 photos looked at').waitFor();
    const ann = page.getByRole('region', { name: 'Person 1' });
    await ann.getByLabel('Who is it?').fill('Anna');
    await kill();
    await ann.getByRole('button', { name: /^Add 2 photos/ }).click();
    await fault(ann).waitFor();
    expect(await ann.getByLabel('Who is it?').inputValue()).toBe('Anna');
    await start();
    await ann.getByRole('button', { name: /^Add 2 photos/ }).click();
    await ann.getByText('2 photos added to Anna.').waitFor();
  });

  test('find similar: the face stays chosen', async () => {
    const page = await pages.open('similar');
    await choosePhotos(page, 'Choose a photo of the face', pages.photo('ann'));
    const people = page.getByRole('region', { name: /^Among the people/ });
    await people.getByRole('button', { name: 'Look among the people' }).waitFor();
    await kill();
    await people.getByRole('button', { name: 'Look among the people' }).click();
    await overcome(people);
    await people.getByRole('link', { name: 'ann', exact: true }).waitFor();
  });

  test('the list of people goes on where it was, and a name that was typed is kept', async () => {
    const page = await pages.open('people');
    await page.getByRole('gridcell', { name: 'ann 1 photo' }).waitFor();
    await page.getByRole('button', { name: 'Add a person' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Zoe');
    await kill();
    await dialog.getByRole('button', { name: 'Add a person' }).click();
    await fault(dialog).waitFor();
    await expectReadable(page, 'a dialog with an error');
    await start();
    await dialog.getByRole('button', { name: 'Add a person' }).click();
    await page.getByRole('heading', { name: 'Zoe' }).waitFor();
    await kill();
    await page.getByRole('link', { name: 'All people' }).click();
    await overcome(page);
    await page.getByRole('gridcell', { name: 'Zoe' }).waitFor();
  });

  test('a person: what is seen stays, photos that were dropped go in, consent that was typed is kept', async () => {
    const { personId } = (await kith.call('POST', '/galleries/home/people', { name: 'Dora' })).body;
    const page = await pages.open(`people/${personId}`);
    await page.getByRole('heading', { name: 'Dora' }).waitFor();
    await kill();
    await choosePhotos(page, 'Add photos', [pages.photo('dan'), await pages.file('dan-2.jpg', await otherOf('dan'))]);
    await fault(page).first().waitFor();
    await page.getByRole('heading', { name: 'Dora' }).waitFor();
    await start();
    // The photos' own: beside it may stand what the page could not load anew
    await again(page).last().click();
    await expect.poll(() => page.locator('.face-card').count(), { timeout: 20_000 }).toBe(2);
    await expect.poll(() => fault(page).count()).toBe(0);

    await page.getByRole('button', { name: 'Put consent on record' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Who gave it?').fill('Dora');
    await dialog.getByLabel('How was it given?').fill('by word');
    await dialog.getByLabel('The text they agreed to').fill('Yes.');
    await kill();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await fault(dialog).waitFor();
    await start();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Given by Dora (by word)').waitFor();
  });

  test('the picker of a person says what went wrong, and finds them on another try', async () => {
    const { personId } = (await kith.call('POST', '/galleries/home/people', { name: 'Picker' })).body;
    const page = await pages.open(`people/${personId}`);
    await page.getByRole('button', { name: /^Merge with/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('option', { name: 'ann', exact: true }).waitFor();
    await kill();
    await dialog.getByRole('searchbox').fill('bo');
    await fault(dialog).waitFor();
    await expectReadable(page, 'the picker with an error');
    // Whom it found before is no answer to what is typed now
    expect(await dialog.getByRole('option').count()).toBe(0);
    await start();
    await again(dialog).click();
    await dialog.getByRole('option', { name: 'bob' }).waitFor();
    expect(await dialog.getByRole('option').count()).toBe(1);
    expect(await dialog.getByRole('searchbox').inputValue()).toBe('bo');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test.each([
    ['privacy', 'Nobody.'],
    ['keys', 'Keys'],
    ['health', 'Running for'],
  ])('%s is loaded on another try', async (hash, shown) => {
    const page = await pages.open();
    await kill();
    await goTo(page, hash);
    await fault(page).first().waitFor();
    await start();
    while ((await fault(page).count()) > 0) {
      const before = await fault(page).count();
      await again(page).first().click();
      await expect.poll(() => fault(page).count(), { timeout: 10_000 }).toBeLessThan(before);
    }
    await page.getByText(shown).first().waitFor();
  });

  test('a health page that is only looked at says so by itself, keeps its figures, and is well by itself again', async () => {
    const page = await pages.open('health');
    await page.getByText('Running for').waitFor();
    await kill();
    await fault(page).waitFor();
    expect(await page.getByText('Free on the disk').count()).toBe(1);
    await start();
    await fault(page).waitFor({ state: 'detached' });
    await page.getByText('Free on the disk').waitFor();
  });
});
