// npm run bench:console-grid [-- --people 100000 --seconds 60]: the console's list of people in a real browser, with so many
// of them, scrolled as fast as it goes, then with its bar dragged to and fro: how long is the longest time that the page
// can't answer, and how soon are people shown where the bar is let go?
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { GalleryRef } from '../src/core/types.ts';
import { goTo, launchChromium, openPage, signIn } from '../tests/support/browser.ts';
import { startService } from '../tests/support/service.ts';
import { printHeading, writeResults } from './report.ts';

const { values: flags } = parseArgs({
  options: { people: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '60' } },
});
const people = Number(flags.people);
const REF: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'town' };
const BATCH = 5000;
/** A notch of a wheel, and how often it turns. */
const STEP_PX = 2000;
const EVERY_MS = 50;
/** Where the bar is dragged to, as shares of the way down. */
const JUMPS = [0.6, 0.1, 0.95, 0.3, 0.8, 0.5, 1, 0.2, 0.7, 0];

printHeading(`The list of ${people} people`);
const service = await startService();
const browser = await launchChromium();
try {
  const { store, vault } = service.deps;
  await store.createGallery({ ...REF, name: 'Town', recognitionModel: 'recognition_04', createdMs: Date.now() });
  for (let from = 0; from < people; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, people - from) }, (_, i) => ({
      person: {
        personId: randomUUID(),
        name: `Person ${String(from + i).padStart(6, '0')}`,
        wrappedKey: vault.newPersonKey(REF.tenantId),
        createdMs: Date.now(),
      },
      enrolments: [],
    }));
    await store.importPersons(REF, batch);
  }
  const { page, context } = await openPage(browser, service.url);
  await signIn(page, service.key);
  await goTo(page, 'people');
  await page.getByRole('gridcell').first().waitFor();
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { longTasks: seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.push(entry.duration);
    }).observe({ type: 'longtask' });
  });
  const grid = page.locator('.people-grid');
  const endMs = performance.now() + Number(flags.seconds) * 1000;
  let steps = 0;
  while (performance.now() < endMs) {
    await grid.evaluate((element, px) => element.scrollBy(0, px), STEP_PX);
    steps++;
    await page.waitForTimeout(EVERY_MS);
  }
  const scrolledPx = await grid.evaluate((element) => element.scrollTop);
  const jumpMs: number[] = [];
  for (const share of JUMPS) {
    const ms = await grid.evaluate(async (element, to) => {
      const startMs = performance.now();
      element.scrollTop = to * (element.scrollHeight - element.clientHeight);
      // Until the page knows of it, and has drawn whom it has not read yet
      for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
      while (element.querySelector('.person-unread')) await new Promise(requestAnimationFrame);
      return performance.now() - startMs;
    }, share);
    jumpMs.push(ms);
  }
  const tasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  const drawn = await page.getByRole('gridcell').count();
  const longestMs = Math.max(0, ...tasks);
  const figures = {
    date: new Date().toISOString(),
    people,
    steps,
    scrolledPx,
    drawn,
    longTasks: tasks.length,
    longestMs,
    longestJumpMs: Math.max(...jumpMs),
  };
  console.log(
    `${steps} steps, ${Math.round(scrolledPx)} px; ${drawn} tiles drawn; ${tasks.length} tasks above 50 ms, the longest ${longestMs.toFixed(0)} ms; people shown ${figures.longestJumpMs.toFixed(0)} ms after the bar was let go, at the latest`,
  );
  console.log(`written to ${writeResults('console-grid', figures)}`);
  await context.close();
} finally {
  await browser.close();
  await service.stop();
}
