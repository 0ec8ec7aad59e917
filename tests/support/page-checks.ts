// What every page of the console is held to. Apart from `browser.ts`, which scripts use outside the test runner.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { WatchedPage } from './browser.ts';

/** Nothing was asked of another host, no policy was broken, and the key lies nowhere. */
export async function closeClean({ page, context, faults, urls }: WatchedPage, key: string): Promise<void> {
  expect(faults).toEqual([]);
  expect(urls.filter((url) => url.includes(key))).toEqual([]);
  const stored = await page.evaluate(async () =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      location.href,
      await indexedDB.databases(),
    ]),
  );
  expect(stored).not.toContain(key);
  expect(await context.cookies()).toEqual([]);
  await context.close();
}

/** No serious finding of axe, and nothing wider than the screen. */
export async function expectReadable(page: Page, where: string): Promise<void> {
  // The component library's announcements lie here for seconds after what they speak of is gone
  const { violations } = await new AxeBuilder({ page }).exclude('[data-live-announcer]').analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const found = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  expect(found, where).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${where} is wider than the screen`).toBeLessThanOrEqual(0);
}
