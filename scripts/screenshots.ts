// npm run screenshots: pictures of the console for the README and the docs, taken of the running program with the
// sample photos that a development dependency ships. Wants Chromium.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { choosePhotos, goTo, launchChromium, openPage, signIn } from '../tests/support/browser.ts';
import { type FaceName, portraitOf, samplePhoto } from '../tests/support/photos.ts';
import { startService } from '../tests/support/service.ts';

const OUT = fileURLToPath(new URL('../docs/images/', import.meta.url));
const PEOPLE: Readonly<Record<string, FaceName>> = {
  'Anna Ek': 'ann',
  'Berta Lind': 'bob',
  'Clara Nyman': 'cleo',
  'Dora Holm': 'dan',
};

const service = await startService();
const browser = await launchChromium();
const folder = await mkdtemp(join(tmpdir(), 'kith-screenshots-'));
await mkdir(OUT, { recursive: true });

function keep(picture: Buffer, name: string): Promise<unknown> {
  return sharp(picture)
    .webp({ quality: 82 })
    .toFile(join(OUT, `${name}.webp`));
}

async function api(method: string, path: string, body: object | Buffer): Promise<{ readonly personId: string }> {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${service.key}`,
      'content-type': isPhoto ? 'image/jpeg' : 'application/json',
    },
    body: isPhoto ? new Uint8Array(body) : JSON.stringify(body),
  });
  return (await response.json()) as { readonly personId: string };
}

await api('PUT', '/galleries/friends', { name: 'Friends', keepPhotos: true, purpose: 'Sorting our photos' });
for (const [name, who] of Object.entries(PEOPLE)) {
  const { personId } = await api('POST', '/galleries/friends/people', { name });
  await api('POST', `/galleries/friends/people/${personId}/faces?minQuality=low`, await portraitOf(who));
}
const party = join(folder, 'party.jpg');
await writeFile(party, samplePhoto(3));

for (const scheme of ['light', 'dark'] as const) {
  const { page, context } = await openPage(browser, service.url, { scheme });
  await signIn(page, service.key);
  await choosePhotos(page, 'Choose photos', party);
  await page.locator('.answer').first().waitFor();
  await page.waitForLoadState('networkidle');
  await keep(await page.screenshot({ fullPage: true }), `console-identify-${scheme}`);
  await goTo(page, 'people');
  await page.mouse.move(0, 0);
  // Pictures are asked for once a tile was in view for a moment
  await page
    .locator('.people-rows img.face')
    .nth(Object.keys(PEOPLE).length - 1)
    .waitFor();
  await keep(await page.screenshot(), `console-people-${scheme}`);
  await context.close();
}
await browser.close();
await service.stop();
await rm(folder, { recursive: true });
console.log(`written to ${OUT}`);
