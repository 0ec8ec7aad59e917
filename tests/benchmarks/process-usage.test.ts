// What the benchmarks say of processor time and memory is only as good as this.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cpuSecondsOf, memoryOf } from '../../benchmarks/scale/process-usage.ts';

const BURNT_S = 0.3;
/** Has a child of its own burn processor time and end, and holds some memory in another that stays. */
const PROGRAM = `
  const { spawn, spawnSync } = require('node:child_process');
  const burn = 'while (process.cpuUsage().user + process.cpuUsage().system < ${BURNT_S * 1e6});';
  spawnSync(process.execPath, ['-e', burn]);
  const holder = spawn(process.execPath, ['-e', 'globalThis.held = Buffer.alloc(64 << 20, 1); console.log("held"); setInterval(() => {}, 1e6)']);
  holder.stdout.once('data', () => console.log('ready'));
  process.stdin.once('end', () => { holder.kill(); process.exit(); }).resume();
`;

test.skipIf(!existsSync('/proc/self/smaps_rollup'))(
  'counts processor time of children that have ended, and memory of all that live',
  async () => {
    const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
    const pid = child.pid as number;
    await once(child.stdout, 'data');
    expect(cpuSecondsOf(pid)).toBeGreaterThanOrEqual(BURNT_S - 0.02);
    const { rssBytes, pssBytes } = memoryOf(pid);
    expect(pssBytes).toBeGreaterThan(64 * 2 ** 20);
    // Both processes run the same program, whose pages are there once
    expect(rssBytes).toBeGreaterThan(pssBytes);
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
    expect(() => cpuSecondsOf(pid)).toThrow(`process ${pid} is gone`);
  },
);
