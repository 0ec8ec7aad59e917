// The service answers that it can't: what is said, and that the same photo goes through once it can.
import { describe, expect, test, vi } from 'vitest';
import { KithError } from '../../src/core/errors.ts';
import { choosePhotos, goTo, isWholeBrowserRun } from '../support/browser.ts';
import { consoleTest } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!isWholeBrowserRun)('a service that can’t (npm run test:browser)', () => {
  let isLogFull = false;
  const pages = consoleTest({
    throughAuditLog: (auditLog) => ({
      actingAs: (actor) => ({
        record(event) {
          if (!isLogFull) return auditLog.actingAs(actor).record(event);
          const message = 'The audit log can’t be written.';
          return Promise.reject(new KithError({ kind: 'unavailable', part: 'audit', message, retryAfterS: 1 }));
        },
      }),
      close: () => auditLog.close(),
    }),
  });
  const { kith } = pages;

  test('what can’t be put on record is refused, with why; the photo goes through once it can', async () => {
    await kith.call('PUT', '/galleries/club', { name: 'Club' });
    await pages.enrolled('club', 'Ann', 'ann');
    const page = await pages.open();
    const asked = () => pages.watched()[0]?.urls.filter((url) => url.includes('/v1/identify')).length;
    isLogFull = true;
    await choosePhotos(page, 'Choose photos', pages.photo('ann'));
    const looked = page.getByRole('region', { name: 'ann.jpg' });
    await looked.getByText('The audit log can’t be written. Try again in a moment.').waitFor();
    // It was asked again by itself before that
    expect(asked()).toBe(6);
    await expectReadable(page, 'what can’t be put on record');
    isLogFull = false;
    await looked.getByRole('button', { name: 'Try again' }).click();
    await looked.locator('.answer').filter({ hasText: 'Ann' }).waitFor();
  });

  test('a photo that is added while the log is full goes in by itself once it is not', async () => {
    await kith.call('PUT', '/galleries/club', { name: 'Club' });
    const { personId } = (await kith.call('POST', '/galleries/club/people', { name: 'Bob' })).body;
    const page = await pages.open(`people/${personId}`);
    await page.getByRole('heading', { name: 'Bob' }).waitFor();
    isLogFull = true;
    await choosePhotos(page, 'Add photos', pages.photo('bob'));
    await page.getByText('0 of 1 photo').waitFor();
    await page.waitForTimeout(1500);
    isLogFull = false;
    await expect.poll(() => page.locator('.face-card').count(), { timeout: 20_000 }).toBe(1);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  // No real cause of these can be had at will
  test.each([
    [500, 'internal', 'The service had a fault of its own. Try again'],
    [503, 'busy', 'The service has too much to do just now. Try again in a moment.'],
    [502, undefined, 'The service had a fault of its own. Try again'],
  ])('%s %s says what to do, and trying again works', async (status, code, words) => {
    await kith.call('PUT', '/galleries/club', { name: 'Club' });
    const page = await pages.open();
    await page.route(/\/v1\/(identify|detect|galleries\/club\/people-by-name|keys|status)/, (route) =>
      route.fulfill({
        status,
        // Longer than a page waits by itself
        headers: { 'retry-after': '60' },
        ...(code
          ? { contentType: 'application/problem+json', body: JSON.stringify({ status, code, detail: 'Inner words' }) }
          : { contentType: 'text/html', body: '<b>Bad gateway</b>' }),
      }),
    );
    await choosePhotos(page, 'Choose photos', pages.photo('dan'));
    await goTo(page, 'identify');
    const said = page.getByRole('alert').filter({ hasText: words });
    await said.waitFor();
    expect(await page.getByText('Inner words').count()).toBe(0);
    for (const hash of ['people', 'keys', 'health']) {
      await goTo(page, hash);
      await said.first().waitFor();
    }
    await goTo(page, 'compare');
    await choosePhotos(page, 'Choose the first photo', pages.photo('dan'));
    await said.waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('region', { name: 'First photo' }).locator('img.face').waitFor();
    await goTo(page, 'people');
    await page.getByRole('gridcell').or(page.getByText('Nobody is here yet.')).first().waitFor();
  });
});
