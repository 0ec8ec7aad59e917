// One person: merged, asked about, erased.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { goTo, hasChromium } from '../support/browser.ts';
import { consoleTest, pickGallery } from '../support/console.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!hasChromium)('a person of the gallery (skipped without /usr/bin/chromium)', () => {
  const pages = consoleTest();
  const { kith } = pages;

  test('one person enrolled twice is found, merged, and parted again', async () => {
    await kith.call('PUT', '/galleries/twins', { name: 'Twins', keepPhotos: true });
    const first = await pages.enrolled('twins', 'Anna', 'ann');
    await pages.enrolled('twins', 'Anne', 'annElsewhere');
    await pages.enrolled('twins', 'Bob', 'bob');
    const page = await pages.open();
    await pickGallery(page, 'Twins');
    await goTo(page, 'duplicates');
    await page.getByRole('button', { name: 'Look for them' }).click();
    await page.getByRole('button', { name: 'The same person: merge' }).click();
    // A slip is undone where it happened
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'The same person: merge' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await vi.waitFor(async () => expect((await kith.call('GET', '/galleries/twins')).body.people).toBe(2), {
      timeout: 10_000,
    });
    const left = (await kith.call('GET', '/galleries/twins/people')).body.people.find(
      ({ name }: { name: string }) => name !== 'Bob',
    );
    await goTo(page, `people/${left.personId}`);
    await page.getByText(/was merged into this person/).waitFor();
    expect(await page.locator('.face-card').count()).toBe(2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(/was merged into this person/).waitFor({ state: 'detached' });
    expect((await kith.call('GET', '/galleries/twins')).body.people).toBe(3);
    expect((await kith.call('GET', `/galleries/twins/people/${first}`)).body.name).toBe('Anna');
  });

  test('who searched for somebody is shown, what is held is saved, and the log is checked', async () => {
    await kith.call('PUT', '/galleries/asked', { name: 'Asked' });
    const personId = await pages.enrolled('asked', 'Asked For', 'ann');
    const photo = await readFile(join(pages.folder, 'ann.jpg'));
    await fetch(`${pages.service.url}/v1/identify?gallery=asked`, {
      method: 'POST',
      headers: { authorization: `Bearer ${pages.service.key}`, 'content-type': 'image/jpeg' },
      body: new Uint8Array(photo),
    });
    const page = await pages.open();
    await pickGallery(page, 'Asked');
    await goTo(page, `people/${personId}`);
    await page.getByRole('button', { name: 'Show what is on record' }).click();
    await page.getByText(/named, score 0\.9\d|named, score 1\.00/).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save everything that is held about them' }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toContain('What is held about you');
    await goTo(page, 'privacy');
    await page.getByText(/named 1 person/).waitFor();
    expect(await page.getByRole('link', { name: 'person 1' }).getAttribute('href')).toBe(`#people/${personId}`);
    await goTo(page, 'health');
    await page.getByRole('button', { name: 'Check it now' }).click();
    await page.getByText(/Nobody changed it/).waitFor();
  });

  test('whoever is erased is gone, and the receipt is saved', async () => {
    await kith.call('PUT', '/galleries/leaving', { name: 'Leaving', retentionDays: 20 });
    const personId = await pages.enrolled('leaving', 'Gone Soon', 'cleo');
    const page = await pages.open();
    await pickGallery(page, 'Leaving');
    await goTo(page, 'privacy');
    const soon = page.getByRole('region', { name: 'Forgotten within 30 days' });
    await soon.getByRole('link', { name: 'Gone Soon' }).waitFor();
    await page.getByRole('region', { name: 'Latest erasures' }).getByText('None on record.').waitFor();
    await goTo(page, `people/${personId}`);
    await page.getByRole('button', { name: 'Erase this person' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Erase for good' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`erasure-${personId}.json`);
    expect(JSON.parse(await readFile(await download.path(), 'utf8'))).toMatchObject({ receipt: expect.anything() });
    await page.getByText('Nobody is here yet.').waitFor();
    await goTo(page, 'privacy');
    await soon.getByText('Nobody.').waitFor();
    await page.getByRole('region', { name: 'Latest erasures' }).getByText('1 person').waitFor();
    expect((await kith.call('GET', '/galleries/leaving')).body.people).toBe(0);
  });
});
