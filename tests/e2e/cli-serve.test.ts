// What `kith serve` writes, and where: its results can be read by a program while its log goes elsewhere.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recordsOf, startKith } from '../support/kith-command.ts';

vi.setConfig({ testTimeout: 120_000 });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-serve-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Serves until it has answered a request, and is stopped. */
async function serveOnce(...args: string[]) {
  const service = startKith(['serve', ...args], {
    env: { KITH_DATA_DIR: join(root, args.join('') || 'plain'), KITH_PORT: '0' },
  });
  const said = { stdout: '', stderr: '' };
  const ended = once(service, 'close');
  for (const name of ['stdout', 'stderr'] as const) {
    service[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const listening = await vi.waitFor(() => {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said.stdout) ?? [];
    // The key comes after the address
    if (url === undefined || !said.stdout.includes('kith_')) throw new Error(`it doesn't listen yet: ${said.stderr}`);
    return url;
  }, 60_000);
  expect((await fetch(`${listening}/v1/models`)).status).toBe(401);
  service.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  return { code, ...said };
}

test('its lines of JSON stand alone on standard output, its log on standard error; a signal ends it with 0', async () => {
  const { code, stdout, stderr } = await serveOnce('--json');
  expect(code).toBe(0);
  expect(recordsOf(stdout).map(({ type }) => type)).toEqual(['listening', 'key']);
  expect(stderr).toContain('"route":"/v1/models"');
});

test('for people it is the same: the address and the key, and nothing else', async () => {
  const { stdout, stderr } = await serveOnce();
  expect(stdout).toMatch(/^Kith listens on http:\/\/127\.0\.0\.1:\d+, data in .*\n {2}kith_\S+\n$/);
  expect(stderr).toContain('This is your API key.');
  expect(stderr).toContain('"route":"/v1/models"');
});
