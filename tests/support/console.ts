// One service, one browser and a folder of photos for a file of tests of the console; every page is closed clean.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { goTo, launchChromium, openPage, signIn, type WatchedPage } from './browser.ts';
import { type KithHttp, kithHttp } from './kith-http.ts';
import { closeClean } from './page-checks.ts';
import { FACES, type FaceName, portraitOf, samplePhoto } from './photos.ts';
import { startService, type TestService, type TestServiceOptions } from './service.ts';

export interface Served {
  readonly url: string;
  readonly key: string;
}

export interface PagesOf {
  readonly folder: string;
  readonly browser: Browser;
  /** Of a portrait, or of `party`, a photo of several people. */
  photo(name: FaceName | 'party'): string;
  file(name: string, bytes: Buffer): Promise<string>;
  /** A page that nobody has signed in to. */
  arrive(options?: Parameters<typeof openPage>[2]): Promise<Page>;
  /** A page that is signed in, at a place of the console; what it did is looked at when the test is over. */
  open(hash?: string, options?: Parameters<typeof openPage>[2], key?: string): Promise<Page>;
  /** Of the pages that are open. */
  watched(): readonly WatchedPage[];
}

/** To be called within `describe`. */
export function consolePages(served: () => Served): PagesOf {
  let browser: Browser;
  let folder: string;
  let open: { readonly watched: WatchedPage; readonly key: string }[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kith-browser-'));
    for (const name of Object.keys(FACES) as FaceName[]) {
      await writeFile(join(folder, `${name}.jpg`), await portraitOf(name));
    }
    await writeFile(join(folder, 'party.jpg'), samplePhoto(3));
    browser = await launchChromium();
  });
  afterEach(async () => {
    const closing = open;
    open = [];
    for (const { watched, key } of closing) await closeClean(watched, key);
  });
  afterAll(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true });
  });
  async function arrive(options: Parameters<typeof openPage>[2], key: string): Promise<Page> {
    const watched = await openPage(browser, served().url, options);
    open.push({ watched, key });
    return watched.page;
  }
  return {
    get folder() {
      return folder;
    },
    get browser() {
      return browser;
    },
    photo: (name) => join(folder, `${name}.jpg`),
    async file(name, bytes) {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    },
    arrive: (options) => arrive(options, served().key),
    async open(hash, options, key = served().key) {
      const page = await arrive(options, key);
      await signIn(page, key);
      if (hash !== undefined) await goTo(page, hash);
      return page;
    },
    watched: () => open.map(({ watched }) => watched),
  };
}

export interface ConsoleTest extends PagesOf {
  readonly service: TestService;
  readonly kith: KithHttp;
  /** The id of whoever was made. */
  enrolled(gallery: string, name: string, who: FaceName): Promise<string>;
}

/** To be called within `describe`: the same with a service in this process. */
export function consoleTest(options: TestServiceOptions = {}): ConsoleTest {
  let service: TestService;
  beforeAll(async () => {
    service = await startService(options);
  });
  const pages = consolePages(() => service);
  afterAll(async () => service?.stop());
  const kith: KithHttp = { call: (...asked) => kithHttp(service).call(...asked) };
  return Object.defineProperties(
    {
      kith,
      async enrolled(gallery: string, name: string, who: FaceName) {
        const { body } = await kith.call('POST', `/galleries/${gallery}/people`, { name });
        const faces = `/galleries/${gallery}/people/${body.personId}/faces?minQuality=low`;
        expect((await kith.call('POST', faces, await portraitOf(who))).status).toBe(201);
        return body.personId as string;
      },
    },
    {
      ...Object.getOwnPropertyDescriptors(pages),
      service: { get: () => service },
    },
  ) as ConsoleTest;
}

export async function pickGallery(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /Gallery/ }).click();
  await page.getByRole('option', { name, exact: true }).click();
}
