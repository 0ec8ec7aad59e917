// Keys: made, rotated and revoked on their page; and one that ends or loses its right while a page is open with it.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { choosePhotos, goTo, hasChromium } from '../support/browser.ts';
import { consoleTest } from '../support/console.ts';
import { expectReadable } from '../support/page-checks.ts';
import { testWhole } from '../support/whole-suite.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!hasChromium)('keys on the console (skipped without /usr/bin/chromium)', () => {
  const kithConsole = consoleTest();
  const { kith } = kithConsole;

  async function made(wanted: object): Promise<{ readonly key: string; readonly keyId: string }> {
    return (await kith.call('POST', '/keys', { label: 'made', permissions: ['search'], ...wanted })).body;
  }
  const answers = (key: string): Promise<number> =>
    fetch(`${kithConsole.service.url}/v1/galleries`, { headers: { authorization: `Bearer ${key}` } }).then(
      ({ status }) => status,
    );

  /** Nodes hear of it within a second. */
  async function revoke({ key, keyId }: { readonly key: string; readonly keyId: string }): Promise<void> {
    expect((await kith.call('DELETE', `/keys/${keyId}`)).status).toBe(204);
    await expect.poll(() => answers(key), { timeout: 10_000 }).toBe(401);
  }

  beforeAll(async () => {
    await kith.call('PUT', '/galleries/bound', { name: '<b>Bound</b>' });
    await kith.call('PUT', '/galleries/desk', { name: 'Desk', purpose: 'Reception' });
  });

  test('one is rotated and the old one revoked; what is shown once is not lost by a press beside it', async () => {
    await made({ label: 'front desk' });
    const page = await kithConsole.open('keys');
    const desk = page.locator('.key').filter({ hasText: 'front desk' });
    await desk.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    const key = (await page.locator('.key-value').textContent()) ?? '';
    await page.mouse.click(5, 400);
    expect(await page.locator('.key-value').textContent()).toBe(key);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await answers(key)).toBe(200);
    await page.getByText('front desk').nth(1).waitFor();
    await desk.first().getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('front desk').nth(1).waitFor({ state: 'detached' });
    expect(await answers(key)).toBe(200);
  });

  test('one is made however often it is asked for at once, and says in words what it may', async () => {
    await made({ label: 'bound', permissions: ['search', 'audit'], galleries: ['bound'] });
    const page = await kithConsole.open('keys');
    await page.getByText('search, audit · only for <b>Bound</b> · made').waitFor();
    // So that the second press comes while the first is under way
    await page.route('**/v1/keys', async (route) => {
      await sleep(500);
      await route.continue();
    });
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByLabel('What is it for?').fill('the door');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Enter');
    await page.locator('.key-value').waitFor();
    await page.context().grantPermissions(['clipboard-write']);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('dialog').getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('.key').filter({ hasText: 'the door' }).waitFor();
    const { keys } = (await kith.call('GET', '/keys')).body;
    expect(keys.filter(({ label }: { label: string }) => label === 'the door')).toHaveLength(1);
  });

  testWhole('revoked while its page is open: another takes its place, and nothing on the page is lost', async () => {
    const first = await made({});
    const page = await kithConsole.open(undefined, {}, first.key);
    await choosePhotos(page, 'Choose photos', kithConsole.photo('ann'));
    const before = page.getByRole('region', { name: 'ann.jpg' });
    await before.locator('.answer').waitFor();
    await revoke(first);
    await choosePhotos(page, 'Choose photos', kithConsole.photo('bob'));
    const after = page.getByRole('region', { name: 'bob.jpg' });
    await after.getByText('The key is no longer valid. Sign in with another one.').waitFor();
    await expectReadable(page, 'a key that is revoked');

    await after.getByRole('button', { name: 'Sign in with another key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('API key').fill('kith_wrong');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'This key is not known' }).waitFor();
    await expectReadable(page, 'another key that is wrong');
    const second = await made({});
    await dialog.getByLabel('API key').fill(second.key);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await after.getByRole('button', { name: 'Try again' }).click();
    await after.locator('.answer').waitFor();
    expect(await before.locator('.answer').count()).toBe(1);
    const [watched] = kithConsole.watched();
    expect(watched?.urls.some((url) => url.includes(second.key))).toBe(false);
    expect(await page.content()).not.toContain(second.key);
  });

  testWhole('within a form that failed, another key does not send the form', async () => {
    const first = await made({ permissions: ['admin'] });
    const page = await kithConsole.open('people', {}, first.key);
    await page.getByRole('button', { name: 'Add a person' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a person' });
    await dialog.getByLabel('Name').fill('Typed Once');
    await revoke(first);
    await dialog.getByRole('button', { name: 'Add a person' }).click();
    await dialog.getByRole('button', { name: 'Sign in with another key' }).click();
    const sent = () => kithConsole.watched()[0]?.urls.filter((url) => url.endsWith('/people')).length;
    expect(sent()).toBe(1);
    const asked = page.getByRole('dialog', { name: 'Sign in with another key' });
    await asked.getByLabel('API key').fill((await made({ permissions: ['admin'] })).key);
    await asked.getByRole('button', { name: 'Sign in' }).click();
    await asked.waitFor({ state: 'detached' });
    expect(sent()).toBe(1);
    expect(await dialog.getByLabel('Name').inputValue()).toBe('Typed Once');
    expect((await kith.call('GET', '/galleries/bound')).body.people).toBe(0);
    await dialog.getByRole('button', { name: 'Add a person' }).click();
    await page.getByRole('heading', { name: 'Typed Once' }).waitFor();
    expect((await kith.call('GET', '/galleries/bound')).body.people).toBe(1);
  });

  testWhole('one that loses its right says so, and goes on when it has it again', async () => {
    const { key } = await made({ permissions: ['search', 'enrol'], purposes: ['Reception'] });
    const page = await kithConsole.open('add', {}, key);
    // Of three photos none is refused for what is wrong with the key
    const photos = [kithConsole.photo('ann'), kithConsole.photo('bob'), kithConsole.photo('cleo')];
    await choosePhotos(page, 'Choose photos', photos);
    await page.getByLabel(/Whose photos are these/).fill('Ann');
    await kith.call('PATCH', '/galleries/desk', { purpose: 'Something else' });
    await page.getByRole('button', { name: 'Start' }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /this key may not see it|This key may not do that/ })
      .first()
      .waitFor();
    await page.getByText('0 added, 0 refused').waitFor();
    await kith.call('PATCH', '/galleries/desk', { purpose: 'Reception' });
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText('3 of 3 photos').waitFor();
    expect((await kith.call('GET', '/galleries/desk')).body).toMatchObject({ people: 1, faces: 3 });
  });

  test.each([
    ['people', 'Add a person'],
    ['keys', undefined],
    ['health', undefined],
    ['duplicates', 'Look for them'],
  ])('one that may only search is told so on %s', async (hash, press) => {
    const { key } = await made({ galleries: ['desk'] });
    const page = await kithConsole.open(hash, {}, key);
    if (press) await page.getByRole('button', { name: press }).click();
    if (hash === 'people') {
      await page.getByRole('dialog').getByLabel('Name').fill('Somebody');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: press as string })
        .click();
    }
    await page.getByRole('alert').filter({ hasText: 'This key may not do that' }).first().waitFor();
    await goTo(page, 'identify');
    await page.getByRole('heading', { name: 'Who is this?' }).waitFor();
  });
});
