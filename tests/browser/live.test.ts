// What is live on the console: the camera, what waits for a second person, and the last hour's plots.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  choosePhotos,
  goTo,
  isWholeBrowserRun,
  launchChromium,
  openPage,
  signIn,
  type WatchedPage,
} from '../support/browser.ts';
import { cameraShowing, sceneOf } from '../support/fake-camera.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { closeClean, expectReadable } from '../support/page-checks.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const NAME = '<img src=x onerror=alert(1)> Ann';

describe.skipIf(!isWholeBrowserRun)('the live console (npm run test:browser)', () => {
  let service: TestService;
  let folder: string;
  let browser: Browser;
  let kith: KithHttp;
  /** By what their camera shows; without a camera it is the one browser. */
  const withCamera = new Map<string, Browser>();
  let watched: WatchedPage | undefined;

  beforeAll(async () => {
    service = await startService();
    kith = kithHttp(service);
    folder = await mkdtemp(join(tmpdir(), 'kith-live-'));
    browser = await launchChromium();
    await writeFile(join(folder, 'ann.jpg'), await portraitOf('ann'));
    await kith.call('PUT', '/galleries/gate', { name: 'Gate', keepPhotos: true, twoPersonRule: true });
    await enrol(NAME, 'annElsewhere');
  });
  afterEach(async () => {
    const seen = watched;
    watched = undefined;
    if (seen) await closeClean(seen, service.key);
  });
  afterAll(async () => {
    for (const opened of [browser, ...withCamera.values()]) await opened?.close();
    await service?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  async function enrol(name: string, who: FaceName): Promise<void> {
    const { personId } = (await kith.call('POST', '/galleries/gate/people', { name })).body;
    const faces = `/galleries/gate/people/${personId}/faces?minQuality=low`;
    expect((await kith.call('POST', faces, await portraitOf(who))).status).toBe(201);
  }

  async function openWith(key: string, options?: Parameters<typeof openPage>[2]): Promise<WatchedPage> {
    const opened = await openPage(browser, service.url, options);
    await signIn(opened.page, key);
    return opened;
  }

  async function launchBefore(names: readonly FaceName[], light: number): Promise<Browser> {
    const path = join(folder, `${names.join('-')}-${light}.mjpeg`);
    return launchChromium(await cameraShowing(path, await sceneOf(names, { light })));
  }

  /** A page whose camera shows these people; without any there is no camera. */
  async function openBeforeCamera(
    names: readonly FaceName[],
    { light = 1, mayUse = true }: { readonly light?: number; readonly mayUse?: boolean } = {},
  ): Promise<Page> {
    const shown = `${names.join()} ${light}`;
    const own = names.length === 0 ? browser : (withCamera.get(shown) ?? (await launchBefore(names, light)));
    if (own !== browser) withCamera.set(shown, own);
    watched = await openPage(own, service.url);
    const { page, context } = watched;
    if (mayUse) await context.grantPermissions(['camera'], { origin: service.url });
    await page.evaluate(() => {
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      const tracks: MediaStreamTrack[] = [];
      Object.assign(window, { tracks });
      devices.getUserMedia = async (wanted) => {
        const stream = await ask(wanted);
        tracks.push(...stream.getTracks());
        return stream;
      };
    });
    await signIn(page, service.key);
    return page;
  }

  const liveTracks = (page: Page) =>
    page.evaluate(
      () =>
        (window as unknown as { tracks: MediaStreamTrack[] }).tracks.filter(({ readyState }) => readyState === 'live')
          .length,
    );

  test('the camera says what would help, looks at one frame at a time, and is off once the page is left', async () => {
    const page = await openBeforeCamera(['ann'], { light: 0.2 });
    let looks = 0;
    let atOnce = 0;
    let mostAtOnce = 0;
    page.on('request', (request) => {
      if (!request.url().includes('/v1/detect')) return;
      looks++;
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    });
    const over = (request: { url(): string }) => {
      if (request.url().includes('/v1/detect')) atOnce--;
    };
    page.on('requestfinished', over);
    page.on('requestfailed', over);
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByText('Too dark: turn towards the light.').waitFor();
    const before = looks;
    await page.waitForTimeout(2200);
    await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(before);
    expect(looks - before).toBeLessThanOrEqual(6);
    expect(mostAtOnce).toBe(1);
    expect(await liveTracks(page)).toBe(1);
    await expectReadable(page, 'the camera');
    await goTo(page, 'people');
    await page.getByRole('heading', { name: 'People' }).waitFor();
    expect(await liveTracks(page)).toBe(0);
    const atLeaving = looks;
    await page.waitForTimeout(1200);
    expect(looks).toBe(atLeaving);
  });

  test('a picture from the camera is answered as a photo is', async () => {
    const page = await openBeforeCamera(['ann']);
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByText('Good: take the picture.').waitFor();
    await page.getByRole('button', { name: 'Take the picture' }).click();
    const answer = page.locator('.answer').filter({ hasText: NAME });
    await answer.getByText('Very likely the same person').waitFor();
    await answer.getByText('A proposal: it counts once two people').waitFor();
    await page.getByLabel('What the camera sees').waitFor({ state: 'detached' });
    expect(await liveTracks(page)).toBe(0);
  });

  test('of two before the camera, the one who is chosen is added and the other is not', async () => {
    const page = await openBeforeCamera(['cleo', 'bob']);
    await goTo(page, 'add');
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByText('Two faces: which one?').waitFor();
    const take = page.getByRole('button', { name: 'Take the picture' });
    expect(await take.isDisabled()).toBe(true);
    await expectReadable(page, 'the choice of a face');
    // By where they are: bob stands on the right
    const right = await page.locator('.box-choice').evaluateAll((boxes) => {
      const lefts = boxes.map((box) => box.getBoundingClientRect().left);
      return lefts.indexOf(Math.max(...lefts));
    });
    await page.locator('.box-choice').nth(right).click();
    await take.click();
    await page.getByLabel(/Whose photos are these/).fill('Bob');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('1 of 1 photo').waitFor();
    await page.getByText('1 added, 0 refused').waitFor();
    const named = async (who: FaceName) =>
      (await kith.call('POST', '/identify?gallery=gate', await portraitOf(who))).body.faces[0].candidates[0]?.name;
    expect(await named('bob')).toBe('Bob');
    expect(await named('cleo')).toBeUndefined();
  });

  test('on a person’s page a picture goes to that person, the camera stays for the next, and is off once it is left', async () => {
    const { personId } = (await kith.call('POST', '/galleries/gate/people', { name: 'Cleo' })).body;
    const page = await openBeforeCamera(['cleo']);
    await goTo(page, `people/${personId}`);
    await page.getByText('No photo yet').waitFor();
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByText('Good: take the picture.').waitFor();
    await expectReadable(page, 'the camera on a person’s page');
    await page.getByRole('button', { name: 'Take the picture' }).click();
    await expect.poll(() => page.locator('.face-card').count(), { timeout: 20_000 }).toBe(1);
    expect(await liveTracks(page)).toBe(1);
    await page.getByRole('button', { name: 'Close the camera' }).click();
    expect(await liveTracks(page)).toBe(0);
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByText('Good: take the picture.').waitFor();
    await page.getByRole('link', { name: 'All people' }).click();
    await page.getByRole('gridcell', { name: 'Cleo 1 photo' }).waitFor();
    expect(await liveTracks(page)).toBe(0);
    const found = (await kith.call('POST', '/identify?gallery=gate', await portraitOf('cleo'))).body;
    expect(found.faces[0].candidates[0]).toMatchObject({ personId });
  });

  test('who may not use a camera, or has none, is told what to do', async () => {
    const refused = await openBeforeCamera(['ann'], { mayUse: false });
    await refused.getByRole('button', { name: 'Use the camera' }).click();
    await refused.getByRole('alert').filter({ hasText: 'The browser may not use the camera.' }).waitFor();
    await expectReadable(refused, 'the refused camera');
    if (watched) await closeClean(watched, service.key);
    const without = await openBeforeCamera([]);
    await without.getByRole('button', { name: 'Use the camera' }).click();
    await without.getByRole('alert').filter({ hasText: 'No camera was found.' }).waitFor();
    await without.getByRole('button', { name: 'Try again' }).click();
    await without.getByRole('alert').filter({ hasText: 'No camera was found.' }).waitFor();
  });

  test('a second person, with a key of their own, confirms what the first did', async () => {
    const photo = join(folder, 'ann.jpg');
    const made = await kith.call('POST', '/keys', { label: 'second', permissions: ['search', 'review'] });
    const first = await openWith(service.key);
    await choosePhotos(first.page, 'Choose photos', photo);
    const answer = first.page.locator('.looked .answer').filter({ hasText: NAME });
    await answer.getByRole('button', { name: /^Confirm/ }).click();
    await answer.getByText('It waits for a second person.').waitFor();
    expect(await answer.getByRole('button', { name: /^Confirm/ }).count()).toBe(0);
    await expectReadable(first.page, 'an open review');
    await closeClean(first, service.key);

    watched = await openWith(made.body.key, { scheme: 'dark', widthPx: 360 });
    const { page } = watched;
    const waiting = page.getByRole('region', { name: 'Waits for a second person' }).locator('.answer');
    await waiting.getByText(NAME).waitFor();
    await expect.poll(() => waiting.locator('img').count()).toBe(2);
    await expectReadable(page, 'what waits');
    await waiting.getByRole('button', { name: /^Confirm/ }).click();
    await waiting.getByText('Confirmed by two people').waitFor();
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('Nothing waits.').waitFor();
    expect((await kith.call('GET', '/galleries/gate/reviews')).body.reviews).toEqual([]);
  });

  test('an answer that is wrong is rejected, and the rule is set and lifted on the privacy page', async () => {
    watched = await openWith(service.key);
    const { page } = watched;
    await choosePhotos(page, 'Choose photos', join(folder, 'ann.jpg'));
    const answer = page.locator('.looked .answer').filter({ hasText: NAME });
    await answer.getByRole('button', { name: /^Reject/ }).click();
    await answer.getByText('Rejected: it is somebody else').waitFor();
    await goTo(page, 'privacy');
    for (const [ask, then] of [
      ['Let one person be enough', 'One person'],
      ['Ask for two people', 'Two people, each with a key of their own'],
    ] as const) {
      await page.getByRole('button', { name: ask }).click();
      await page.getByRole('dialog').getByRole('button', { name: ask }).click();
      await page.getByText(then, { exact: true }).waitFor();
    }
    expect((await kith.call('GET', '/galleries/gate')).body.twoPersonRule).toBe(true);
  });

  test.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('the last hour is drawn, and told in a table, in %s at %s px', async (scheme, widthPx) => {
    await kith.call('POST', '/identify?gallery=gate', await readFile(join(folder, 'ann.jpg')));
    watched = await openWith(service.key, { scheme, widthPx });
    const { page } = watched;
    await goTo(page, 'health');
    const drawn = page.getByRole('img', { name: /^Time to answer who it is/ });
    await drawn.waitFor();
    expect(await drawn.getAttribute('aria-label')).toMatch(/half of them within, now [\d,]+, at most [\d,]+/);
    expect(await page.locator('.plot svg').count()).toBe(3);
    await page.getByText('None yet: “npx kith backup” makes one').waitFor();
    await page.getByRole('button', { name: 'Requests a second: As a table' }).click();
    const rows = page.getByRole('table').getByRole('row');
    expect(await rows.count()).toBeGreaterThan(1);
    expect(await rows.last().textContent()).toMatch(/\d/);
    await expectReadable(page, 'health');
  });
});
