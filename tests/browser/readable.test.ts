// Every page and whatever opens on it is readable for everybody: in both themes, wide and narrow, with names of any kind.
import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, hasChromium, signIn } from '../support/browser.ts';
import { consoleTest, pickGallery } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';
import { inTheDarkOf, portraitOf } from '../support/photos.ts';
import { testWhole } from '../support/whole-suite.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const HOSTILE_NAMES = [
  '<img src=x onerror=alert(1)>',
  'x'.repeat(128),
  'محمد بن عبد الله',
  '👩‍👩‍👧‍👦 Кошка 猫',
  '"><script>alert(1)</script>',
];

const NAME = HOSTILE_NAMES[0] as string;
const LONG_NAME = HOSTILE_NAMES[1] as string;
const PAGES = 'identify compare similar group people add duplicates privacy keys health new'.split(' ');
const CONSENT = { givenBy: NAME, method: 'on paper', textHash: 'a'.repeat(64) };

describe.skipIf(!hasChromium)('the console for everybody (skipped without /usr/bin/chromium)', () => {
  const pages = consoleTest();
  const { kith } = pages;

  /** Somebody twice, somebody without a photo for each name, and the terms that show the most. */
  async function crowd(gallery: string, name: string): Promise<string> {
    await kith.call('PUT', `/galleries/${gallery}`, { name, keepPhotos: true, twoPersonRule: true, purpose: NAME });
    for (const other of HOSTILE_NAMES.slice(2))
      await kith.call('POST', `/galleries/${gallery}/people`, { name: other });
    await pages.enrolled(gallery, LONG_NAME, 'annElsewhere');
    const personId = await pages.enrolled(gallery, NAME, 'ann');
    await kith.call('PUT', `/galleries/${gallery}/people/${personId}/consent`, CONSENT);
    return personId;
  }

  async function settled(page: Page): Promise<void> {
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await page.locator('h1').first().waitFor();
  }

  /** Opens it, looks at it, and closes it by the escape key: the focus is back on what opened it. */
  async function dialog(page: Page, button: ReturnType<Page['getByRole']>, where: string): Promise<void> {
    await button.click();
    await page.getByRole('dialog').waitFor();
    await expectReadable(page, where);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
  }

  describe.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('in %s at %s px', (scheme, widthPx) => {
    const id = `${scheme}-${widthPx}`;

    const testOften = scheme === 'dark' ? test : testWhole;

    testOften('every page', async () => {
      const personId = await crowd(id, `${NAME} ${id}`);
      const page = await pages.arrive({ scheme, widthPx });
      await expectReadable(page, 'sign in');
      await signIn(page, pages.service.key);
      await page.getByRole('button', { name: /Gallery/ }).click();
      await page.getByRole('listbox').waitFor();
      await expectReadable(page, 'the list of galleries');
      await page.getByRole('option', { name: `${NAME} ${id}`, exact: true }).click();
      for (const hash of [...PAGES, `people/${personId}`, 'people/nobody']) {
        await goTo(page, hash);
        await settled(page);
        if (hash === 'people') {
          for (const name of HOSTILE_NAMES) await page.getByText(name, { exact: true }).first().waitFor();
        }
        await expectReadable(page, hash);
      }
      await page.getByText('This person is not here: somebody erased them').waitFor();
    });

    testWhole('every dialog', async () => {
      const personId = await crowd(`${id}-dialogs`, `Dialogs ${id}`);
      const page = await pages.open(undefined, { scheme, widthPx });
      await pickGallery(page, `Dialogs ${id}`);
      await goTo(page, 'people');
      await dialog(page, page.getByRole('button', { name: 'Add a person' }), 'add a person');
      await page.getByLabel('Search by name').fill('nobody has this name');
      await page.getByText('Nobody’s name has').waitFor();
      await expectReadable(page, 'nobody found');
      await goTo(page, `people/${personId}`);
      for (const name of [
        'Rename',
        'It shows somebody else',
        'Erase this photo',
        'Put a new consent on record',
        'Withdraw consent',
        'Merge with another person …',
        'Erase this person',
      ]) {
        await dialog(page, page.getByRole('button', { name }), name);
      }
      await goTo(page, 'privacy');
      await dialog(page, page.getByRole('button', { name: 'Let one person be enough' }), 'privacy');
      await goTo(page, 'keys');
      await dialog(page, page.getByRole('button', { name: 'Make a key' }), 'make a key');
      await dialog(page, page.getByRole('button', { name: 'Rotate' }).first(), 'rotate');
      await dialog(page, page.getByRole('button', { name: 'Revoke' }).first(), 'revoke');
      await page.getByRole('button', { name: 'Make a key' }).click();
      await page.getByLabel('What is it for?').fill(LONG_NAME.slice(0, 100));
      await page.getByRole('dialog').getByRole('button', { name: 'Make a key' }).click();
      await page.locator('.key-value').waitFor();
      await expectReadable(page, 'a key that was made');
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByText(LONG_NAME.slice(0, 100)).first().waitFor();
      await expectReadable(page, 'a key with a long label');
    });

    testWhole('every answer about photos', async () => {
      await crowd(`${id}-answers`, `Answers ${id}`);
      const page = await pages.open(undefined, { scheme, widthPx });
      await pickGallery(page, `Answers ${id}`);
      await choosePhotos(page, 'Choose photos', [
        pages.photo('party'),
        await pages.file('torn.jpg', Buffer.alloc(2000)),
      ]);
      const numbers = page.locator('.answer').getByRole('button', { name: 'The numbers' });
      await numbers.first().click();
      await page.getByText('The file is damaged, or no photo.').waitFor();
      await expectReadable(page, 'who is this, answered');
      await page
        .locator('.looked')
        .getByRole('button', { name: /^Confirm/ })
        .first()
        .click();
      await page.getByText('It waits for a second person.').first().waitFor();
      await expectReadable(page, 'who is this, confirmed once');
      await page.getByRole('button', { name: 'Look again' }).click();
      await page.getByRole('region', { name: 'Waits for a second person' }).locator('.answer').waitFor();
      await expectReadable(page, 'what waits');

      await goTo(page, 'compare');
      await choosePhotos(page, 'Choose the first photo', pages.photo('bob'));
      await choosePhotos(page, 'Choose the second photo', pages.photo('party'));
      await page.getByRole('button', { name: 'The numbers' }).click();
      await expectReadable(page, 'compare, answered');

      await goTo(page, 'similar');
      await choosePhotos(page, 'Choose a photo of the face', pages.photo('ann'));
      await page.getByRole('button', { name: 'Look among the people' }).click();
      await page.locator('.answer').first().waitFor();
      await choosePhotos(page, 'Choose photos', [pages.photo('annElsewhere'), pages.photo('bob')]);
      await page.getByRole('region', { name: 'Most alike first' }).waitFor();
      await expectReadable(page, 'similar, answered');

      await goTo(page, 'group');
      const poor = await pages.file('dark.jpg', await inTheDarkOf('dan'));
      await choosePhotos(page, 'Choose photos', [...(['ann', 'annElsewhere', 'bob'] as const).map(pages.photo), poor]);
      const ann = page.getByRole('region', { name: 'Person 1' });
      await ann.getByLabel('Who is it?').fill(LONG_NAME);
      await ann.getByRole('button', { name: /^Add 2 photos/ }).click();
      await ann.getByText(/^2 photos added|photo added/).waitFor();
      await page.getByRole('heading', { name: 'Too poor to tell' }).waitFor();
      await expectReadable(page, 'group, added');
    });

    testWhole('whatever else opens', async () => {
      const personId = await crowd(`${id}-rest`, `Rest ${id}`);
      await kith.call('POST', `/identify?gallery=${id}-rest`, await portraitOf('ann'));
      const page = await pages.open(undefined, { scheme, widthPx });
      await pickGallery(page, `Rest ${id}`);
      await goTo(page, `people/${personId}`);
      await page.getByRole('button', { name: 'Show what is on record' }).click();
      await page
        .getByText(/named, score/)
        .first()
        .waitFor();
      await expectReadable(page, 'who searched for them');
      await goTo(page, 'add');
      const dark = await pages.file('dark.jpg', await inTheDarkOf('dan'));
      await choosePhotos(page, 'Choose photos', [pages.photo('dan'), dark]);
      await expectReadable(page, 'whose photos');
      await page.getByLabel(/Whose photos are these/).fill(LONG_NAME);
      await page.getByRole('button', { name: 'Start' }).click();
      await page.getByText('2 of 2 photos').waitFor();
      await page.getByText('1 added, 1 refused').waitFor();
      await expectReadable(page, 'photos added, one refused');
      await goTo(page, 'duplicates');
      await page.getByRole('button', { name: 'Look for them' }).click();
      await page.locator('.pair').first().waitFor();
      await expectReadable(page, 'likely duplicates');
      await goTo(page, 'privacy');
      await page
        .getByText(/named \d+ (person|people)/)
        .first()
        .waitFor();
      await expectReadable(page, 'privacy with a search');
      await goTo(page, 'health');
      for (const table of await page.getByRole('button', { name: /: As a table$/ }).all()) await table.click();
      await page.getByRole('button', { name: 'Check it now' }).click();
      await page.getByText(/Nobody changed it/).waitFor();
      await expectReadable(page, 'health, opened up');
      await goTo(page, 'new');
      await page.getByLabel('What do you call it?').fill(`${NAME} ${id}`);
      await page.getByText('Each person’s own').click();
      await page.getByRole('button', { name: 'Make the gallery' }).click();
      await page.getByLabel('Name').waitFor();
      await expectReadable(page, 'the second step');
    });
  });
});
