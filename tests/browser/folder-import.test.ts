// A folder of photos goes into a gallery.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, hasChromium } from '../support/browser.ts';
import { consoleTest, pickGallery } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!hasChromium)('a folder of photos (skipped without /usr/bin/chromium)', () => {
  const pages = consoleTest();
  const { kith } = pages;

  test('a folder of twenty photos goes in, the three bad ones are named with what would help, and again adds nothing', async () => {
    await kith.call('PUT', '/galleries/club', { name: 'Club', keepPhotos: true });
    const people = join(pages.folder, 'people');
    const faces = ['ann', 'annElsewhere', 'bob', 'cleo', 'dan'] as const;
    for (let i = 0; i < 17; i++) {
      const name = faces[i % faces.length] as FaceName;
      const person = name === 'annElsewhere' ? 'ann' : name;
      await mkdir(join(people, person), { recursive: true });
      // No two files alike, or they would be one photo
      const bytes = await sharp(await portraitOf(name))
        .jpeg({ quality: 80 + i })
        .toBuffer();
      await writeFile(join(people, person, `${i}.jpg`), bytes);
    }
    const blank = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer();
    await writeFile(join(people, 'ann', 'wall.jpg'), blank);
    await writeFile(join(people, 'bob', 'group.jpg'), samplePhoto(1));
    await writeFile(join(people, 'cleo', 'torn.jpg'), (await portraitOf('cleo')).subarray(0, 200));

    const page = await pages.open();
    await pickGallery(page, 'Club');
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('20 of 20 photos').waitFor({ timeout: 60_000 });
    await page.getByText('3 refused').waitFor();
    const refusals = page.locator('.refusals');
    await refusals.getByText('ann / wall.jpg').waitFor();
    await refusals.getByText('No face was found').waitFor();
    await refusals.getByText('It shows several people').waitFor();
    // With a good photo beside each, and a mark at what this one lacks
    expect(await refusals.getByRole('img', { name: /^A good photo/ }).count()).toBe(3);
    await refusals.getByText('Good: nobody else in the picture.').waitFor();
    await refusals.getByText('even light from the front; straight into the camera').waitFor();
    await refusals.getByText('The file is damaged').waitFor();
    expect((await kith.call('GET', '/galleries/club')).body).toMatchObject({ people: 4, faces: 17 });

    await goTo(page, 'people');
    await page.getByRole('gridcell', { name: 'dan' }).waitFor();
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('20 of 20 photos').waitFor({ timeout: 60_000 });
    expect((await kith.call('GET', '/galleries/club')).body).toMatchObject({ people: 4, faces: 17 });
  });

  test('files that are no photos are counted, and hidden ones are not', async () => {
    await kith.call('PUT', '/galleries/mixed', { name: 'Mixed' });
    const people = join(pages.folder, 'mixed');
    await mkdir(join(people, 'ann'), { recursive: true });
    await writeFile(join(people, 'ann', 'a.jpg'), await portraitOf('ann'));
    for (const name of ['IMG_1.HEIC', 'list.txt', '.DS_Store', 'Thumbs.db']) {
      await writeFile(join(people, 'ann', name), 'x');
    }
    const page = await pages.open();
    await pickGallery(page, 'Mixed');
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('2 files were left out: Kith reads JPEG, PNG').waitFor();
    await page.getByText('1 of 1 photo').waitFor();
    await expectReadable(page, 'files that were left out');
    await choosePhotos(page, 'Choose photos', pages.photo('bob'));
    await page.getByLabel(/Whose photos are these/).waitFor();
    expect(await page.getByText('left out').count()).toBe(0);
  });

  test('whoever leaves the page pauses it, and makes nobody twice by dropping the folder again at once', async () => {
    await kith.call('PUT', '/galleries/left', { name: 'Left' });
    const people = join(pages.folder, 'left');
    for (let i = 0; i < 12; i++) {
      await mkdir(join(people, `p${i}`), { recursive: true });
      const bytes = await sharp(await portraitOf('ann'))
        .jpeg({ quality: 70 + i })
        .toBuffer();
      await writeFile(join(people, `p${i}`, 'a.jpg'), bytes);
    }
    const page = await pages.open();
    await pickGallery(page, 'Left');
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText(/^[1-9] of 12 photos/).waitFor();
    await goTo(page, 'people');
    await page.getByRole('heading', { name: 'People' }).waitFor();
    // Those that were under way come through, and no more
    await page.waitForTimeout(1500);
    const { people: atLeaving } = (await kith.call('GET', '/galleries/left')).body;
    expect(atLeaving).toBeLessThan(12);
    await page.waitForTimeout(1000);
    expect((await kith.call('GET', '/galleries/left')).body.people).toBe(atLeaving);
    await goTo(page, 'add');
    await choosePhotos(page, 'Choose a folder', people);
    await page.getByText('12 of 12 photos').waitFor({ timeout: 60_000 });
    expect((await kith.call('GET', '/galleries/left')).body).toMatchObject({ people: 12, faces: 12 });
  });
});
