// What was erased, on the Privacy page, and its receipts, in a real browser over the real service.
import { open as openFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Download, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findReceiptFault } from '../../src/audit/erasure-receipt.ts';
import { PUBLIC_KEY_FILE, readPublicKey } from '../../src/audit/signing-key.ts';
import { sweepRetention } from '../../src/core/operations/enforce-retention.ts';
import { goTo, hasChromium, launchChromium, openPage, signIn, type WatchedPage } from '../support/browser.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { closeClean, expectReadable } from '../support/page-checks.ts';
import { startService, type TestService } from '../support/service.ts';
import { testWhole } from '../support/whole-suite.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const DAY_MS = 86_400_000;
/** More than a page of the list. */
const ERASED = 23;

describe.skipIf(!hasChromium)('erasures (skipped without /usr/bin/chromium: apt-get install chromium)', () => {
  let service: TestService;
  let kith: KithHttp;
  let browser: Browser;
  let watched: WatchedPage | undefined;
  let forgotten: string;
  let aheadMs = 0;
  const erased: string[] = [];

  beforeAll(async () => {
    service = await startService({ clock: { nowMs: () => Date.now() + aheadMs } });
    kith = kithHttp(service);
    browser = await launchChromium();
    for (const galleryId of ['club', 'staff', 'empty']) {
      await kith.call('PUT', `/galleries/${galleryId}`, { name: galleryId, retentionDays: 10 });
    }
    for (let i = 0; i < ERASED; i++) {
      const personId = await added('club', `Person ${i}`);
      await kith.call('DELETE', `/galleries/club/people/${personId}`);
      erased.push(personId);
    }
    forgotten = await added('club', 'Nobody saw them');
    aheadMs = 11 * DAY_MS;
    expect(await sweepRetention(service.deps, new AbortController().signal)).toBe(1);
    await added('staff', 'Bo');
    await kith.call('DELETE', '/galleries/staff');
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

  async function added(galleryId: string, name: string): Promise<string> {
    return (await kith.call('POST', `/galleries/${galleryId}/people`, { name })).body.personId;
  }

  async function openPrivacy(galleryId: string, options?: Parameters<typeof openPage>[2], key = service.key) {
    watched = await openPage(browser, service.url, options);
    const { page } = watched;
    await signIn(page, key);
    await page.getByRole('button', { name: /Gallery/ }).click();
    await page.getByRole('option', { name: galleryId, exact: true }).click();
    await goTo(page, 'privacy');
    return { page, list: page.getByRole('region', { name: 'Latest erasures' }) };
  }

  async function saved(page: Page, press: () => Promise<void>): Promise<Download> {
    const [download] = await Promise.all([page.waitForEvent('download'), press()]);
    return download;
  }

  test('each says what caused it, older ones come when asked for, and a receipt that was saved is genuine', async () => {
    const { page, list } = await openPrivacy('club');
    const rows = list.getByRole('listitem');
    await expect.poll(() => rows.count()).toBe(20);
    const newest = rows.first();
    expect(await newest.textContent()).toMatch(/1 person[\s\S]*by the gallery’s rule: nobody found them for too long/);
    await newest.getByText(`Person ${forgotten}`).waitFor();
    await list.getByRole('button', { name: 'Show older ones' }).click();
    await expect.poll(() => rows.count()).toBe(ERASED + 1);
    expect(await list.getByRole('button', { name: 'Show older ones' }).count()).toBe(0);

    const oldest = rows.last();
    const { keyId } = (await kith.call('GET', '/erasures?limit=1&gallery=staff')).body.erasures[0];
    expect(await oldest.textContent()).toContain(`with key ${keyId.slice(0, 8)}`);
    for (const [row, personId] of [
      [oldest, erased[0]],
      [newest, forgotten],
    ] as const) {
      const download = await saved(page, () =>
        row.getByRole('button', { name: /^Save the receipt: 1 person/ }).click(),
      );
      await row.getByText('Saved.').waitFor();
      expect(download.suggestedFilename()).toBe(`erasure-${personId}.json`);
      const signed = JSON.parse(await readFile(await download.path(), 'utf8'));
      const key = await readPublicKey(join(service.auditFolder, PUBLIC_KEY_FILE));
      expect(findReceiptFault(signed, key)).toBeUndefined();
      expect(signed.receipt).toMatchObject({ subject: { what: 'person', personId }, removed: { persons: 1 } });
    }
  });

  test('a gallery that is gone is found among those of every gallery', async () => {
    const { page, list } = await openPrivacy('empty');
    await list.getByText('None on record.').waitFor();
    await list.getByText('Of every gallery, deleted ones too').click();
    const whole = list.getByRole('listitem').first();
    await whole.getByText('The whole gallery, 1 person').waitFor();
    await whole.getByText('staff').waitFor();
    const download = await saved(page, () => whole.getByRole('button', { name: /^Save the receipt/ }).click());
    expect(download.suggestedFilename()).toMatch(/^erasure-gallery-staff-\d{4}-\d\d-\d\d\.json$/);
    await list.getByText('Of every gallery, deleted ones too').click();
    await list.getByText('None on record.').waitFor();
  });

  test('a key that may not read the log is told so', async () => {
    const made = await kith.call('POST', '/keys', { label: 'desk', permissions: ['search', 'enrol'] });
    const { page, list } = await openPrivacy('club', {}, made.body.key);
    await list.getByRole('alert').filter({ hasText: 'This key may not do that' }).waitFor();
    await expectReadable(page, 'refused');
  });

  testWhole.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('are readable for everybody in %s at %s px, a refusal too', async (scheme, widthPx) => {
    const { page, list } = await openPrivacy('club', { scheme, widthPx });
    const newest = list.getByRole('listitem').first();
    await newest.waitFor();
    await expectReadable(page, 'erasures');
    const { chain } = (await kith.call('GET', '/erasures?limit=1&gallery=club')).body.erasures[0].record;
    const path = join(service.auditFolder, chain, '000001.jsonl');
    const { receipt } = (await kith.call('GET', `/erasures/${chain}/${await newestSeq()}/receipt`)).body;
    // The record's own id of the receipt, one letter of it changed
    const at = (await readFile(path)).indexOf(receipt.receiptId);
    const letter = receipt.receiptId.startsWith('0') ? '1' : '0';
    await write(path, at, letter);
    try {
      await newest.getByRole('button', { name: /^Save the receipt/ }).click();
      await newest.getByRole('alert').filter({ hasText: 'not what was written' }).waitFor();
      await expectReadable(page, 'a receipt that is refused');
      expect(await newest.getByText('Saved.').count()).toBe(0);
    } finally {
      await write(path, at, receipt.receiptId.slice(0, 1));
    }
    await saved(page, () => newest.getByRole('button', { name: /^Save the receipt/ }).click());
  });

  async function newestSeq(): Promise<number> {
    return (await kith.call('GET', '/erasures?limit=1&gallery=club')).body.erasures[0].record.seq;
  }

  /** In place, as the service has the file open. */
  async function write(path: string, at: number, text: string): Promise<void> {
    expect(at).toBeGreaterThan(0);
    const file = await openFile(path, 'r+');
    await file.write(text, at);
    await file.close();
  }
});
