// Photos that are dropped on the page rather than chosen, and what is said of people who look alike.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { goTo, isWholeBrowserRun } from '../support/browser.ts';
import { consoleTest } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';
import { portraitOf } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const HOSTILE_FILE = '<img src=x onerror=alert(1)>.jpg';
const FAMILY = '👩‍👩‍👧‍👦 Lind';

/** Files or folders, as a file manager gives them over. */
async function dropOn(page: Page, files: readonly string[]): Promise<void> {
  const zone = await page.locator('.drop').first().boundingBox();
  const at = { x: (zone?.x ?? 0) + 20, y: (zone?.y ?? 0) + 20 };
  const chromium = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    const data = { items: [], files: [...files], dragOperationsMask: 1 };
    await chromium.send('Input.dispatchDragEvent', { type, ...at, data });
  }
  await chromium.detach();
}

describe.skipIf(!isWholeBrowserRun)('photos that are dropped (npm run test:browser)', () => {
  const pages = consoleTest();
  const { kith } = pages;

  beforeAll(async () => {
    await kith.call('PUT', '/galleries/club', { name: 'Club' });
    await pages.enrolled('club', 'Ann', 'ann');
    await pages.enrolled('club', 'Anne', 'ann');
    await pages.enrolled('club', FAMILY, 'bob');
  });

  test('are looked at, others are counted, and two people who look alike are told as that', async () => {
    const page = await pages.open();
    await dropOn(page, [
      await pages.file(HOSTILE_FILE, await portraitOf('ann')),
      await pages.file('from-a-phone.heic', Buffer.from('x')),
      await pages.file('nameless', Buffer.from('x')),
    ]);
    await page.getByText('2 files were left out').waitFor();
    const answer = page.getByRole('region', { name: HOSTILE_FILE }).locator('.answer');
    await answer.getByText('Not sure: ask a colleague').waitFor();
    await answer.getByText('Two people of the gallery look like this face.').waitFor();
    expect(await answer.getByRole('link').allTextContents()).toHaveLength(2);
    await expectReadable(page, 'two people who look alike');

    // Of somebody clear there is no such word
    await dropOn(page, [pages.photo('bob')]);
    const clear = page.getByRole('region', { name: 'bob.jpg' }).locator('.answer');
    await clear.getByText('Very likely the same person').waitFor();
    expect(await clear.getByText('look like this face').count()).toBe(0);
    expect(await page.getByText('left out').count()).toBe(0);
  });

  test('in folders go to the people the folders are named after', async () => {
    const people = join(pages.folder, 'folders');
    for (const [name, who] of [
      ['Cleo', 'cleo'],
      ['محمد', 'dan'],
    ] as const) {
      await mkdir(join(people, name), { recursive: true });
      await writeFile(join(people, name, '1.jpg'), await portraitOf(who));
    }
    const page = await pages.open('add');
    await page.getByText('Drop folders or photos here').waitFor();
    await dropOn(page, [people, pages.photo('annElsewhere')]);
    await page.getByText('2 of 2 photos').waitFor();
    // The one beside the folders is asked about
    await page.getByLabel('Whose photos are these? (1 photo)').waitFor();
    await goTo(page, 'people');
    await page.getByRole('gridcell', { name: 'Cleo 1 photo' }).waitFor();
    await page.getByRole('gridcell').filter({ hasText: 'محمد' }).waitFor();
  });

  test('where nothing in it is a photo, it says so', async () => {
    const page = await pages.open('group');
    await page.getByText('No pile yet.').waitFor();
    await dropOn(page, [await pages.file('.DS_Store', Buffer.from('x'))]);
    await page.getByText('There was no photo in what was dropped.').waitFor();
    await page.getByText('No pile yet.').waitFor();
  });

  test('the initials of an emoji are all of it', async () => {
    const page = await pages.open();
    await goTo(page, 'people');
    const cell = page.getByRole('gridcell').filter({ hasText: 'Lind' });
    expect(await cell.locator('.face-initials').textContent()).toBe('👩‍👩‍👧‍👦L');
  });
});
