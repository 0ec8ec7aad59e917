// The audit log in processes that die and on disks that fill up: nothing acknowledged is lost, nothing refused is there.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyAudit } from '../src/audit/verify-audit.ts';
import { openTestLog, recordsIn, segmentsOf, withTemporaryFolder } from './support/audit-logs.ts';
import { type AuditProcess, startAuditProcess } from './support/audit-process.ts';

/** Person → number of the record that names them. */
function recordedIn(folder: string, chain: string): Map<string, number> {
  const recorded = new Map<string, number>();
  for (const { action, seq, searches } of recordsIn(join(folder, chain))) {
    if (action !== 'search') continue;
    const [search] = searches as [{ readonly candidates: [{ readonly personId: string }] }];
    recorded.set(search.candidates[0].personId, seq as number);
  }
  return recorded;
}

function expectAllAcknowledged(folder: string, process: AuditProcess): void {
  const recorded = recordedIn(folder, process.chain);
  const lost = [...process.acknowledged].filter(([personId, seq]) => recorded.get(personId) !== seq);
  expect(lost).toEqual([]);
}

test('what a process was promised before it was killed is there, in an unbroken chain', { timeout: 120_000 }, () =>
  withTemporaryFolder(async (folder) => {
    const processes: AuditProcess[] = [];
    for (let round = 1; round <= 8; round++) {
      const process = await startAuditProcess(folder, { writers: 16, segmentBytes: 60_000, reserveBytes: 32 * 1024 });
      processes.push(process);
      await process.until(() => process.acknowledged.size > 40 * round);
      await process.kill();
      expect(await verifyAudit({ folder })).toMatchObject({ isIntact: true });
    }
    const last = await openTestLog(folder);
    await last.close();

    const report = await verifyAudit({ folder });
    expect(report).toMatchObject({ isIntact: true });
    expect(report.chains, 'each one went on with the chain of the one before').toHaveLength(1);
    expect(segmentsOf(join(folder, last.chain)).length).toBeGreaterThan(5);
    for (const process of processes) expectAllAcknowledged(folder, process);
    const starts = recordsIn(join(folder, last.chain)).filter(({ action }) => action === 'use-start');
    expect(starts).toHaveLength(9);
    for (const start of starts.slice(1)) expect(start).toHaveProperty('cutOffAfter');
  }),
);

test(
  'processes that write at the same time have a chain each, and one that dies leaves its chain to the next',
  {
    timeout: 120_000,
  },
  () =>
    withTemporaryFolder(async (folder) => {
      const processes = await Promise.all([1, 2, 3].map(() => startAuditProcess(folder, { writers: 4 })));
      expect(new Set(processes.map(({ chain }) => chain)).size).toBe(3);
      await Promise.all(processes.map((process) => process.until(() => process.acknowledged.size > 50)));
      const [victim, ...others] = processes as [AuditProcess, ...AuditProcess[]];
      await victim.kill();
      const heir = await startAuditProcess(folder, { writers: 1 });
      expect(heir.chain).toBe(victim.chain);
      await Promise.all([heir, ...others].map((process) => process.end()));
      for (const process of [heir, ...processes]) expectAllAcknowledged(folder, process);
      expect(await verifyAudit({ folder })).toMatchObject({ isIntact: true });
    }),
);

/** A disk that fills up, and has room again, while a process writes to it. */
async function expectRefusalsUntilThereIsRoom(
  folder: string,
  disk: {
    readonly code: string;
    readonly reserveBytes: number;
    readonly segmentBytes: number;
    fill(process: AuditProcess): void;
    clear(process: AuditProcess): void;
  },
): Promise<{ readonly acknowledgedWhileFull: number }> {
  const { reserveBytes, segmentBytes } = disk;
  const process = await startAuditProcess(folder, { writers: 8, reserveBytes, segmentBytes });
  await process.until(() => process.acknowledged.size > 20);
  disk.fill(process);
  const before = process.acknowledged.size;
  await process.until(() => process.refused.size > 40);
  const acknowledgedWhileFull = process.acknowledged.size - before;
  expect(new Set(process.refused.values())).toEqual(new Set([disk.code]));
  expect(await verifyAudit({ folder }), 'while it is full').toMatchObject({ isIntact: true });

  disk.clear(process);
  const whenFull = process.acknowledged.size;
  await process.until(() => process.acknowledged.size > whenFull + 200);
  await process.end();
  expectAllAcknowledged(folder, process);
  const recorded = recordedIn(folder, process.chain);
  expect([...process.refused.keys()].filter((personId) => recorded.has(personId))).toEqual([]);
  expect(recorded.size, 'nothing is there that nobody was told of').toBe(process.acknowledged.size);
  expect(await verifyAudit({ folder })).toMatchObject({ isIntact: true, chains: [{ tornBytes: 0 }] });
  return { acknowledgedWhileFull };
}

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const setLimit = (process: AuditProcess, bytes: string): void => {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
};

describe.skipIf(!hasPrlimit)('a file that may not grow (skipped without prlimit of util-linux)', () => {
  test('records are refused and go on when it may, although each write was torn', { timeout: 60_000 }, () =>
    withTemporaryFolder(async (folder) => {
      await expectRefusalsUntilThereIsRoom(folder, {
        code: 'EFBIG',
        reserveBytes: 0,
        segmentBytes: 10_000_000,
        // In the middle of a record, whichever comes next
        fill: (process) => setLimit(process, String(statSync(newestSegment(folder, process)).size + 1234)),
        clear: (process) => setLimit(process, 'unlimited'),
      });
    }),
  );

  test('the reserve goes on taking records for a while', { timeout: 60_000 }, () =>
    withTemporaryFolder(async (folder) => {
      const { acknowledgedWhileFull } = await expectRefusalsUntilThereIsRoom(folder, {
        code: 'EFBIG',
        reserveBytes: 128 * 1024,
        segmentBytes: 10_000_000,
        fill: (process) => setLimit(process, String(statSync(newestSegment(folder, process)).size)),
        clear: (process) => setLimit(process, 'unlimited'),
      });
      expect(acknowledgedWhileFull).toBeGreaterThan(100);
    }),
  );
});

function newestSegment(folder: string, { chain }: AuditProcess): string {
  return join(folder, chain, segmentsOf(join(folder, chain)).at(-1) as string);
}

const canMount = ((): boolean => {
  const probe = join(tmpdir(), `kith-audit-mount-${process.pid}`);
  mkdirSync(probe);
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0;
  if (isMounted) execFileSync('umount', [probe]);
  rmSync(probe, { recursive: true });
  return isMounted;
})();

describe.skipIf(!canMount)('a disk without room (skipped where a tmpfs may not be mounted)', () => {
  test.each([0, 16 * 1024])(
    'records are refused and go on when there is room; reserve %i',
    { timeout: 60_000 },
    (reserveBytes) =>
      withTemporaryFolder(async (disk) => {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
        try {
          const ballast = join(disk, 'ballast');
          await expectRefusalsUntilThereIsRoom(join(disk, 'audit'), {
            code: 'ENOSPC',
            reserveBytes,
            segmentBytes: 40_000,
            fill: () => {
              expect(() => writeFileSync(ballast, Buffer.alloc(16 * 1024 * 1024))).toThrow('ENOSPC');
            },
            clear: () => rmSync(ballast),
          });
          rmSync(join(disk, 'audit'), { recursive: true });
          expect(() => writeFileSync(ballast, Buffer.alloc(16 * 1024 * 1024))).toThrow('ENOSPC');
          await expect(openTestLog(join(disk, 'audit')), 'a start that can’t be recorded').rejects.toThrow('ENOSPC');
        } finally {
          execFileSync('umount', [disk]);
        }
      }),
  );
});
