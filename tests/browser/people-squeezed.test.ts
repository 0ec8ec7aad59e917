// More people than a browser can lay out: positions are squeezed, and a focus that is far away must not change that.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { MAX_PX } from '../../console/src/grid-rows.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { isWholeBrowserRun } from '../support/browser.ts';
import { consoleTest } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

/** In two columns, half a million pixels too many. */
const MANY = 170_000;
const BATCH = 10_000;
const REF: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'city' };

describe.skipIf(!isWholeBrowserRun)('a list of people without end (npm run test:browser)', () => {
  const pages = consoleTest();

  beforeAll(async () => {
    await pages.kith.call('PUT', '/galleries/city', { name: 'City' });
    const { store, vault } = pages.service.deps;
    // Nobody has a face here, so one key is as good as many
    const wrappedKey = vault.newPersonKey('home');
    for (let from = 0; from < MANY; from += BATCH) {
      const persons = Array.from({ length: BATCH }, (_, i) => ({
        person: { personId: `person-${from + i}`, name: nameOf(from + i), wrappedKey, createdMs: 1 },
        enrolments: [],
      }));
      await store.importPersons(REF, persons);
    }
  });

  test('a person who has the focus and is out of view does not stretch it, and both ends are reached', async () => {
    const page = await pages.open('people', { widthPx: 360 });
    const cell = (i: number) => page.getByRole('gridcell', { name: nameOf(i) });
    const grid = page.getByRole('grid');
    const scrollTo = (share: number) =>
      grid.evaluate((element, to) => {
        element.scrollTop = to * (element.scrollHeight - element.clientHeight);
      }, share);
    const heightPx = () => grid.evaluate((element) => element.scrollHeight);
    await cell(0).waitFor();
    expect(await grid.getAttribute('aria-colcount')).toBe('2');
    const before = await heightPx();
    expect(before).toBeGreaterThanOrEqual(MAX_PX);
    expect(before).toBeLessThan(MAX_PX + 50);

    await cell(0).focus();
    await page.keyboard.press('Control+End');
    await cell(MANY - 1).waitFor();
    await scrollTo(0);
    await cell(0).waitFor();
    // The last one keeps the focus, and is drawn for that
    expect(await cell(MANY - 1).evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await heightPx()).toBe(before);
    await scrollTo(0.5);
    await expect.poll(() => cell(MANY / 2).count(), { timeout: 10_000 }).toBe(1);
    expect(await heightPx()).toBe(before);
    await scrollTo(1);
    const last = await cell(MANY - 1).boundingBox();
    const view = await grid.boundingBox();
    expect((last?.y ?? 0) + (last?.height ?? 0)).toBeLessThanOrEqual((view?.y ?? 0) + (view?.height ?? 0) + 1);
    expect(last?.y).toBeGreaterThan(view?.y ?? 0);

    // And with the focus above what is seen
    await page.keyboard.press('Control+Home');
    await cell(0).waitFor();
    await scrollTo(1);
    await cell(MANY - 1).waitFor();
    expect(await heightPx()).toBe(before);
    await page.keyboard.press('ArrowDown');
    await cell(2).waitFor();
    await expect.poll(() => cell(2).evaluate((element) => element === document.activeElement)).toBe(true);
    await expectReadable(page, 'a list without end');
  });

  test('the outline of a person at the edge is not cut off', async () => {
    const page = await pages.open('people', { widthPx: 360 });
    const rows = page.locator('.people-rows');
    const clip = await rows.evaluate((element) => {
      const { overflow, overflowClipMargin } = getComputedStyle(element);
      return { overflow, marginPx: Number.parseFloat(overflowClipMargin) };
    });
    // 3 pixels of outline, 2 away from the tile; more would make the area higher
    expect(clip).toEqual({ overflow: 'clip', marginPx: 5 });
  });
});

function nameOf(i: number): string {
  return `Person ${String(i).padStart(6, '0')}`;
}
