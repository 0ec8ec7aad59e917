// A page that was left open for a day: the service went on, others changed what it shows, and hours of its own passed.
import { describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, isWholeBrowserRun } from '../support/browser.ts';
import { consoleTest, pickGallery } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const DAY_MS = 86_400_000;

describe.skipIf(!isWholeBrowserRun)('a page that was left open (npm run test:browser)', () => {
  let nowMs = Date.now();
  const pages = consoleTest({ clock: { nowMs: () => nowMs } });
  const { kith } = pages;

  test('goes on where it was, and says of whoever is gone meanwhile that they are', async () => {
    await kith.call('PUT', '/galleries/left', { name: 'Left', keepPhotos: true });
    const annId = await pages.enrolled('left', 'Ann', 'ann');
    const bobId = await pages.enrolled('left', 'Bob', 'bob');
    const page = await pages.open('people');
    await page.getByRole('gridcell', { name: 'Ann 1 photo' }).waitFor();

    nowMs += DAY_MS;
    await kith.call('DELETE', `/galleries/left/people/${annId}`);
    await kith.call('PATCH', `/galleries/left/people/${bobId}`, { name: 'Robert' });
    await page.getByRole('gridcell', { name: 'Ann 1 photo' }).click();
    await page.getByText('This person is not here: somebody erased them').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await expectReadable(page, 'a person who is gone');
    await page.getByRole('link', { name: 'All people' }).click();
    await page.getByRole('gridcell', { name: 'Robert 1 photo' }).waitFor();
    expect(await page.getByRole('gridcell').count()).toBe(1);

    await goTo(page, 'identify');
    await choosePhotos(page, 'Choose photos', pages.photo('bob'));
    await page.locator('.answer').filter({ hasText: 'Robert' }).waitFor();
  });

  test('a face that was looked at a day ago is forgotten, and it says what to do', async () => {
    await kith.call('PUT', '/galleries/left', { name: 'Left', keepPhotos: true });
    await pages.enrolled('left', 'Dan', 'dan');
    const page = await pages.open('similar');
    await choosePhotos(page, 'Choose a photo of the face', pages.photo('dan'));
    const look = page.getByRole('button', { name: 'Look among the people' });
    await look.waitFor();
    nowMs += DAY_MS;
    await look.click();
    await page.getByText('Choose the photo of the face again').waitFor();
    await page.getByRole('button', { name: 'Another photo' }).click();
    await choosePhotos(page, 'Choose a photo of the face', pages.photo('dan'));
    await look.click();
    await page.getByRole('link', { name: 'Dan' }).waitFor();
  });

  test('of a gallery that is gone it says so, keeps what was typed, and another can be chosen', async () => {
    await kith.call('PUT', '/galleries/a-short', { name: 'Short' });
    await kith.call('PUT', '/galleries/left', { name: 'Left', keepPhotos: true });
    const page = await pages.open('add');
    await pickGallery(page, 'Short');
    await choosePhotos(page, 'Choose photos', pages.photo('cleo'));
    await page.getByLabel(/Whose photos are these/).fill('Cleo');
    await kith.call('DELETE', '/galleries/a-short');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('This gallery is not here any more').first().waitFor();
    await page.getByText('0 of 1 photo').waitFor();
    await expectReadable(page, 'a gallery that is gone');
    await pickGallery(page, 'Left');
    await choosePhotos(page, 'Choose photos', pages.photo('cleo'));
    await page.getByLabel(/Whose photos are these/).fill('Cleo');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('1 of 1 photo').waitFor();
    await page.getByRole('button', { name: /Gallery/ }).click();
    expect(await page.getByRole('option', { name: 'Short' }).count()).toBe(0);
    await page.keyboard.press('Escape');
  });

  test('whoever looks at a person and picks another gallery is shown its people', async () => {
    await kith.call('PUT', '/galleries/left', { name: 'Left', keepPhotos: true });
    await kith.call('PUT', '/galleries/other', { name: 'Other' });
    const personId = await pages.enrolled('left', 'Eve', 'cleo');
    const page = await pages.open();
    await pickGallery(page, 'Left');
    await goTo(page, `people/${personId}`);
    await page.getByRole('heading', { name: 'Eve' }).waitFor();
    await pickGallery(page, 'Other');
    await page.getByText('Nobody is here yet.').waitFor();
  });

  test('hours of nobody looking at the health page end with the figures of now', async () => {
    await kith.call('PUT', '/galleries/left', { name: 'Left', keepPhotos: true });
    const page = await pages.arrive();
    await page.clock.install();
    await page.getByLabel('API key').fill(pages.service.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await goTo(page, 'health');
    await page.getByText('Running for').waitFor();
    const asked = () => pages.watched()[0]?.urls.filter((url) => url.endsWith('/v1/status')).length ?? 0;
    const before = asked();
    // As a laptop does that was shut: what was due meanwhile is done once
    await page.clock.fastForward('12:00:00');
    await expect.poll(asked, { timeout: 10_000 }).toBeGreaterThan(before);
    expect(asked() - before).toBeLessThan(5);
    await page.getByText('Running for').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});
