// The list of people, short, long, and longer than a browser can lay out.
import { describe, expect, test, vi } from 'vitest';
import type { GalleryRef } from '../../src/core/types.ts';
import { goTo, hasChromium } from '../support/browser.ts';
import { consoleTest, pickGallery } from '../support/console.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!hasChromium)('the list of people (skipped without /usr/bin/chromium)', () => {
  const pages = consoleTest();
  const { kith } = pages;

  test('of many people those that are looked at are fetched, wherever that is, by hand and by keyboard', async () => {
    const MANY = 5000;
    const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'town' };
    await kith.call('PUT', '/galleries/town', { name: 'Town' });
    const persons = Array.from({ length: MANY }, (_, i) => ({
      person: {
        personId: `person-${i}`,
        name: `Person ${String(i).padStart(4, '0')}`,
        wrappedKey: pages.service.deps.vault.newPersonKey('home'),
        createdMs: 1,
      },
      enrolments: [],
    }));
    await pages.service.deps.store.importPersons(ref, persons);
    const page = await pages.open();
    await pickGallery(page, 'Town');
    await goTo(page, 'people');
    const cell = (i: number) => page.getByRole('gridcell', { name: `Person ${String(i).padStart(4, '0')}` });
    await cell(0).waitFor();
    const grid = page.getByRole('grid');
    const asked = () => pages.watched()[0]?.urls.filter((url) => url.includes('people-by-name')).length ?? 0;
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
});
