// The console by keyboard alone, and as it is looked at with other settings than most people's.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, isWholeBrowserRun } from '../support/browser.ts';
import { consoleTest } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const PAGES = 'identify compare similar group people add duplicates privacy keys health new'.split(' ');

describe.skipIf(!isWholeBrowserRun)('the console in other ways (npm run test:browser)', () => {
  const pages = consoleTest();
  const { kith } = pages;
  let personId: string;

  beforeAll(async () => {
    await kith.call('PUT', '/galleries/club', { name: 'Club', keepPhotos: true });
    await kith.call('PUT', '/galleries/staff', { name: 'Staff' });
    personId = await pages.enrolled('club', 'Ann', 'ann');
    await pages.enrolled('club', 'Bob', 'bob');
  });

  /** What has the focus: its words, and whether that is seen. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const box = element.getBoundingClientRect();
      // A radio or check box is hidden behind what is drawn for it
      const shown = element.closest('.check, .radio, .tile') ?? element;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      return {
        words: (element.getAttribute('aria-label') ?? element.textContent ?? element.tagName).trim(),
        tag: element.tagName,
        isSeen: box.bottom > 0 && box.top < window.innerHeight && box.right > 0,
        hasOutline: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
      };
    });

  test('from the door to an answer, by keyboard', async () => {
    const page = await pages.arrive();
    // The field has the focus from the start
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
    await page.keyboard.type(pages.service.key);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Shift+Tab');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'Skip to the page' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    // First where photos can be pasted, then the button
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect((await focused(page)).words).toBe('Choose photos');

    // Another gallery, and back
    await page.getByRole('button', { name: /Gallery/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('listbox').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /Staff/ }).waitFor();
    expect((await focused(page)).words).toContain('Staff');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /Club/ }).waitFor();

    // To a person and back: the focus is on the page that is here, not on one that is gone
    await page.getByRole('link', { name: 'People', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('gridcell', { name: 'Ann 1 photo' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Bob' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('Tab');
    expect((await focused(page)).words).toContain('All people');
    await page.keyboard.press('Enter');
    await page.getByRole('gridcell', { name: 'Ann 1 photo' }).waitFor();
  });

  test('the tabulator key goes through every page and out of it, and shows where it is', async () => {
    const page = await pages.open();
    for (const hash of [...PAGES, `people/${personId}`]) {
      await goTo(page, hash);
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      await page.locator('h1').first().waitFor();
      await page.getByRole('button', { name: 'Skip to the page' }).focus();
      const seen: string[] = [];
      for (let i = 0; i < 60; i++) {
        const { words, tag, isSeen, hasOutline } = await focused(page);
        if (tag === 'BODY' || (i > 0 && words === 'Skip to the page')) break;
        expect({ hash, words, isSeen, hasOutline }).toEqual({ hash, words, isSeen: true, hasOutline: true });
        seen.push(words);
        await page.keyboard.press('Tab');
      }
      // As they stand on the screen: first the menu, then the page
      const menu = ['Who is this?', 'Compare two photos', 'Find similar', 'Sort a pile', 'People', 'Add photos'];
      expect(seen.filter((words) => menu.includes(words)).slice(0, menu.length)).toEqual(menu);
      expect(seen.length, hash).toBeGreaterThan(13);
      expect(seen.length, hash).toBeLessThan(60);
    }
  });

  test('a dialog keeps the focus within it until the escape key gives it back', async () => {
    const page = await pages.open('keys');
    const opener = page.getByRole('button', { name: 'Make a key' });
    await opener.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What is it for?').waitFor();
    for (let i = 0; i < 15; i++) {
      await page.keyboard.press('Tab');
      expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => opener.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test.each([
    [200, { width: 720, height: 450 }],
    [187, { width: 768, height: 480 }],
    [400, { width: 360, height: 225 }],
  ])('at %s %% of the size every page fits', async (_, size) => {
    const page = await pages.open();
    await page.setViewportSize(size);
    for (const hash of [...PAGES, `people/${personId}`]) {
      await goTo(page, hash);
      await page.locator('h1').first().waitFor();
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, hash).toBeLessThanOrEqual(0);
    }
    // A dialog that is higher than the screen is scrolled to its end
    await page.getByRole('button', { name: 'Put consent on record' }).click();
    const save = page.getByRole('dialog').getByRole('button', { name: 'Save' });
    await save.scrollIntoViewIfNeeded();
    const box = await save.boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(size.height);
    await page.keyboard.press('Escape');
  });

  test('with colours of the user’s own, what is chosen differs from what is not', async () => {
    const page = await pages.open('new');
    await page.emulateMedia({ forcedColors: 'active' });
    const backOf = (place: string) =>
      page
        .locator(place)
        .first()
        .evaluate((el) => getComputedStyle(el).backgroundColor);
    expect(await backOf('.radio[data-selected] .radio-dot')).not.toBe(
      await backOf('.radio:not([data-selected]) .radio-dot'),
    );
    expect(await backOf('.check[data-selected] .check-box')).not.toBe(
      await backOf('.check:not([data-selected]) .check-box'),
    );
    await goTo(page, 'compare');
    await choosePhotos(page, 'Choose the first photo', pages.photo('party'));
    await page.locator('.tile').nth(1).waitFor();
    const edgeOf = (place: string) =>
      page
        .locator(place)
        .first()
        .evaluate((el) => getComputedStyle(el).borderTopColor);
    expect(await edgeOf('.tile[data-selected]')).not.toBe(await edgeOf('.tile:not([data-selected])'));
    await expectReadable(page, 'forced colours');
    await goTo(page, 'keys');
    await page.getByRole('button', { name: 'Make a key' }).click();
    expect(await page.locator('.modal').evaluate((element) => getComputedStyle(element).borderTopWidth)).toBe('2px');
    await expectReadable(page, 'a dialog in forced colours');
    await page.keyboard.press('Escape');
  });

  test('for whoever wants less motion, nothing turns fast', async () => {
    const page = await pages.open();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.route('**/v1/keys', () => undefined);
    await goTo(page, 'keys');
    const turns = await page.locator('.spinner').evaluate((element) => getComputedStyle(element).animationDuration);
    expect(Number.parseFloat(turns)).toBeGreaterThanOrEqual(4);
    const moving = await page.evaluate(
      () => document.getAnimations().filter(({ effect }) => Number(effect?.getComputedTiming().duration) < 4000).length,
    );
    expect(moving).toBe(0);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
});
