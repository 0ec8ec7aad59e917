// Debian's Chromium, driven as a user would: what it did against the rules of the console is collected on the way.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { isWholeSuite } from './whole-suite.ts';

const CHROMIUM = process.env.KITH_CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);
export const isWholeBrowserRun = hasChromium && isWholeSuite;

/** `args` are Chromium's own, as for a camera that shows a file. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  });
}

export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Requests to other hosts, violations of the page's policy, errors of its scripts. */
  readonly faults: readonly string[];
  /** Every address that was asked for. */
  readonly urls: readonly string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: { readonly scheme?: 'light' | 'dark'; readonly widthPx?: number } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    colorScheme: options.scheme ?? 'light',
    viewport: { width: options.widthPx ?? 1280, height: 900 },
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const faults: string[] = [];
  const urls: string[] = [];
  page.on('request', (request) => {
    urls.push(request.url());
    const isOwn = request.url().startsWith(url) || request.url().startsWith('blob:');
    if (!isOwn) faults.push(`asked for ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // What a route refuses is a line in the browser's console too, and no fault of the page
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('dialog', (dialog) => {
    faults.push(`a dialog said ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, context, faults, urls };
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** By the page's own links: a reload would forget the key. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

export async function choosePhotos(page: Page, button: string, files: string | readonly string[]): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: button }).click(),
  ]);
  await chooser.setFiles(typeof files === 'string' ? files : [...files]);
}
