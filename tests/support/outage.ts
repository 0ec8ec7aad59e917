// The built service in a process that is really killed, while a page of its console is open.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { freePort, startBuiltService } from './built-service.ts';
import { consolePages } from './console.ts';
import { kithHttp } from './kith-http.ts';
import { type FaceName, portraitOf } from './photos.ts';

type Place = Page | Locator;

/** To be called within `describe`. */
export function outageTest() {
  const key = 'browser-outages-0123456789abcdef';
  let dataDir: string;
  let port = 0;
  let child: ChildProcess | undefined;
  const served = { key, url: '' };
  const isAway = (): boolean => !child || child.exitCode !== null || child.signalCode !== null;

  async function start(): Promise<void> {
    child = await startBuiltService({ dataDir, port, key });
  }
  async function kill(): Promise<void> {
    if (!child || isAway()) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'kith-outage-'));
    port = await freePort();
    served.url = `http://127.0.0.1:${port}`;
    await start();
  });
  const pages = consolePages(() => served);
  beforeEach(async () => {
    if (isAway()) await start();
  });
  afterAll(async () => {
    await kill();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  const fault = (place: Place) =>
    place.getByRole('alert').filter({ hasText: 'The service does not answer. Look whether it is running' });
  const again = (place: Place) => place.getByRole('button', { name: 'Try again' });
  return {
    key,
    pages,
    kith: kithHttp(served),
    start,
    kill,
    fault,
    again,
    /** The error is seen, the service comes back, and it is tried again. */
    async overcome(place: Place): Promise<void> {
      await fault(place).first().waitFor();
      await start();
      await again(place).first().click();
    },
  };
}

/** Another photo than the portrait by its bytes. */
export async function otherOf(name: FaceName, quality = 90): Promise<Buffer> {
  return sharp(await portraitOf(name))
    .jpeg({ quality })
    .toBuffer();
}
