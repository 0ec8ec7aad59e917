import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireProcessLock } from './process-lock.ts';

const newPath = () => join(mkdtempSync(join(tmpdir(), 'kith-lock-')), 'held.lock');

test('one holder at a time, until it lets go', () => {
  const path = newPath();
  const held = acquireProcessLock(path);
  expect(held).toBeDefined();
  expect(acquireProcessLock(path)).toBeUndefined();
  held?.release();
  const next = acquireProcessLock(path);
  expect(next).toBeDefined();
  next?.release();
});

test('a holder that is killed holds nothing', async () => {
  const path = newPath();
  const module = JSON.stringify(new URL('./process-lock.ts', import.meta.url).href);
  const script = `import(${module}).then(({ acquireProcessLock }) => { acquireProcessLock(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000); })`;
  const holder = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(acquireProcessLock(path)).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const next = acquireProcessLock(path);
  expect(next).toBeDefined();
  next?.release();
});
