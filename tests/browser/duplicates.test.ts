// Two who look like one person, in a real browser: what was said of them is kept.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { goTo, hasChromium, launchChromium, openPage, signIn, type WatchedPage } from '../support/browser.ts';
import { kithHttp } from '../support/kith-http.ts';
import { closeClean, expectReadable } from '../support/page-checks.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';
import { testWhole } from '../support/whole-suite.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const LONG = 'x'.repeat(128);
const HOSTILE = '<img src=x onerror=alert(1)>';

describe.skipIf(!hasChromium)('dismissed pairs (skipped without /usr/bin/chromium)', () => {
  let service: TestService;
  let browser: Browser;
  let watched: WatchedPage | undefined;

  beforeAll(async () => {
    service = await startService();
    browser = await launchChromium();
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
  });

  async function api(method: string, path: string, body?: object | Buffer) {
    return (await kithHttp(service).call(method, path, body)).body;
  }

  async function enrolled(gallery: string, name: string, who: FaceName): Promise<string> {
    const { personId } = await api('POST', `/galleries/${gallery}/people`, { name });
    await api('POST', `/galleries/${gallery}/people/${personId}/faces?minQuality=low`, await portraitOf(who));
    return personId;
  }

  async function openOn(gallery: string, options?: Parameters<typeof openPage>[2]): Promise<Page> {
    watched = await openPage(browser, service.url, options);
    await show(watched.page, gallery);
    return watched.page;
  }

  async function show(page: Page, gallery: string): Promise<void> {
    await signIn(page, service.key);
    await page.getByRole('button', { name: /Gallery/ }).click();
    await page.getByRole('option', { name: gallery, exact: true }).click();
    await goTo(page, 'duplicates');
    await page.locator('.loading').first().waitFor({ state: 'detached' });
  }

  const look = (page: Page) => page.getByRole('button', { name: 'Look for them' }).click();
  const pair = (page: Page) => page.getByRole('region', { name: 'Anna, Anne' });

  test('a dismissed pair does not come back, even after a reload, until it is taken back', async () => {
    await api('PUT', '/galleries/twins', { name: 'twins', keepPhotos: true });
    await enrolled('twins', 'Anna', 'ann');
    await enrolled('twins', 'Anne', 'annElsewhere');
    await enrolled('twins', 'Bob', 'bob');
    const page = await openOn('twins');
    await page.getByText('No pair was dismissed so far').waitFor();
    await look(page);
    await pair(page).waitFor();
    await page.getByRole('button', { name: 'Two people: dismiss' }).click();
    await page.getByText('Anna and Anne are kept as two people').waitFor();
    await page.getByText('That was the last pair').waitFor();
    await page.getByRole('button', { name: '1 pair was dismissed as two people' }).waitFor();

    await look(page);
    await page.getByText('No such pair was found').waitFor();
    expect(await pair(page).count()).toBe(0);
    await page.reload();
    await show(page, 'twins');
    await look(page);
    await page.getByText('No such pair was found').waitFor();
    expect(await pair(page).count()).toBe(0);

    // With the keyboard alone
    await page.getByRole('button', { name: '1 pair was dismissed as two people' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Take back: Anna and Anne' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Take back');
    await page.keyboard.press('Enter');
    await page.getByText('No pair was dismissed so far').waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-labelledby'))).toBe('dismissed');
    await look(page);
    await pair(page).waitFor();
  });

  test('a slip is undone where it happened, and the keyboard goes on with the next pair', async () => {
    await api('PUT', '/galleries/three', { name: 'three' });
    await enrolled('three', 'Anna', 'ann');
    await enrolled('three', 'Anne', 'annElsewhere');
    await enrolled('three', 'Bob', 'bob');
    await enrolled('three', 'Bobby', 'bob');
    const page = await openOn('three');
    await look(page);
    await page.getByRole('region', { name: 'Bob, Bobby' }).waitFor();
    await pair(page).waitFor();
    // The closest comes first
    await page
      .getByRole('region', { name: 'Bob, Bobby' })
      .getByRole('button', { name: /dismiss/ })
      .focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Bob, Bobby' }).waitFor({ state: 'detached' });
    await vi.waitFor(async () => {
      const focused = page.locator('section:has(:focus)');
      expect(await focused.getAttribute('aria-label')).toBe('Anna, Anne');
    });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('region', { name: 'Bob, Bobby' }).waitFor();
    await page.getByText('No pair was dismissed so far').waitFor();
    expect((await api('GET', '/galleries/three/dismissed-pairs')).total).toBe(0);
  });

  test('what fails says so, and nothing is taken for done', async () => {
    await api('PUT', '/galleries/broken', { name: 'broken' });
    const anna = await enrolled('broken', 'Anna', 'ann');
    const anne = await enrolled('broken', 'Anne', 'annElsewhere');
    const page = await openOn('broken');
    await look(page);
    await pair(page).waitFor();
    await api('DELETE', `/galleries/broken/people/${anne}`);
    await page.getByRole('button', { name: 'Two people: dismiss' }).click();
    await page.getByRole('alert').filter({ hasText: 'This person is not here' }).waitFor();
    expect(await pair(page).count()).toBe(1);
    expect(await api('GET', `/galleries/broken/people/${anna}`)).toMatchObject({ name: 'Anna' });
  });

  testWhole.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('the list is readable in %s at %s px, with names of any kind', async (scheme, widthPx) => {
    const gallery = `names-${scheme}-${widthPx}`;
    await api('PUT', `/galleries/${gallery}`, { name: gallery, keepPhotos: true });
    const ids = [await enrolled(gallery, HOSTILE, 'ann'), await enrolled(gallery, LONG, 'bob')];
    const { personId: faceless } = await api('POST', `/galleries/${gallery}/people`, { name: 'محمد بن عبد الله' });
    await api('PUT', `/galleries/${gallery}/dismissed-pairs/${ids[0]}/${ids[1]}`);
    await api('PUT', `/galleries/${gallery}/dismissed-pairs/${ids[0]}/${faceless}`);
    const page = await openOn(gallery, { scheme, widthPx });
    await page.getByRole('button', { name: '2 pairs were dismissed as two people' }).click();
    await page.getByRole('link', { name: LONG }).waitFor();
    await expectReadable(page, `dismissed pairs ${scheme} ${widthPx}`);
  });
});
