// The service is killed in the midst of work: what was begun is gone on with, and nothing is done twice.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, isWholeBrowserRun } from '../support/browser.ts';
import { pickGallery } from '../support/console.ts';
import { otherOf, outageTest } from '../support/outage.ts';
import type { FaceName } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!isWholeBrowserRun)('a service that is killed in the midst (npm run test:browser)', () => {
  const { pages, kith, kill, start, fault, overcome } = outageTest();

  test('three steps: what was typed and picked stays, and whoever was made is not made twice', async () => {
    const page = await pages.open('new');
    await page.getByLabel('What do you call it?').fill('Outage');
    await kill();
    await page.getByRole('button', { name: 'Make the gallery' }).click();
    await fault(page).waitFor();
    expect(await page.getByLabel('What do you call it?').inputValue()).toBe('Outage');
    await start();
    await page.getByRole('button', { name: 'Make the gallery' }).click();
    await page.getByLabel('Name').fill('Ann');
    await choosePhotos(page, 'Choose photos', pages.photo('ann'));
    await kill();
    await page.getByRole('button', { name: 'Add this person' }).click();
    await fault(page).waitFor();
    await start();
    await page.getByRole('button', { name: 'Add this person' }).click();
    await page.locator('.chip').filter({ hasText: 'Ann' }).waitFor();
    expect((await kith.call('GET', '/galleries/outage')).body).toMatchObject({ people: 1, faces: 1 });
    await page.getByLabel('Name').fill('Bob');
    await choosePhotos(page, 'Choose photos', pages.photo('bob'));
    await page.getByRole('button', { name: 'Add this person' }).click();
    await page.locator('.chip').filter({ hasText: 'Bob' }).waitFor();
    await kill();
    await page.getByRole('button', { name: 'That is enough: try a photo' }).click();
    await fault(page).waitFor();
    await start();
    await page.getByRole('button', { name: 'That is enough: try a photo' }).click();
    await page.getByText('Pick a photo that shows one of them').waitFor();
  });

  test('a folder that goes in while the service is killed: nothing is enrolled twice, whatever was pressed', async () => {
    await kith.call('PUT', '/galleries/import', { name: 'Import' });
    const people = join(pages.folder, 'import');
    const names = ['ann', 'bob', 'cleo', 'dan'] as const;
    for (const name of names) await mkdir(join(people, name), { recursive: true });
    for (let i = 0; i < 24; i++) {
      const name = names[i % names.length] as FaceName;
      await writeFile(join(people, name, `${i}.jpg`), await otherOf(name, 60 + i));
    }
    const page = await pages.open();
    await pickGallery(page, 'Import');
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText(/^[3-9] of 24 photos/).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    const goOn = page.getByRole('button', { name: 'Go on' });
    await goOn.waitFor();
    const done = await page.getByText(/of 24 photos/).textContent();
    expect(done).not.toContain('24 of 24');
    await goOn.click();
    await page.getByText(/^1\d of 24 photos/).waitFor();
    await kill();
    await overcome(page);
    await page.getByText('24 of 24 photos').waitFor({ timeout: 60_000 });
    await page.getByText('24 added, 0 refused').waitFor();
    expect((await kith.call('GET', '/galleries/import')).body).toMatchObject({ people: 4, faces: 24 });

    // And in a page that knows nothing of the first
    await goTo(page, 'people');
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('24 of 24 photos').waitFor({ timeout: 60_000 });
    expect((await kith.call('GET', '/galleries/import')).body).toMatchObject({ people: 4, faces: 24 });
  });
});
