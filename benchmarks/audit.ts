// npm run bench:audit: records a second with 1 to 64 who wait for theirs, beside what the same disk takes of plain
// writes one at a time; and what reading a log back costs.
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type OpenedAuditLog, openAuditLog } from '../src/audit/audit-log.ts';
import { segmentPath } from '../src/audit/chain-folder.ts';
import { verifyAudit } from '../src/audit/verify-audit.ts';
import type { AuditEvent } from '../src/core/audit-types.ts';
import { printHeading, writeResults } from './report.ts';

const WRITERS = [1, 2, 4, 8, 16, 32, 64];
const RECORDS_A_WRITER = 100;
/** The best of so many, in turn: other programs can only slow a run down. */
const ROUNDS = 5;
const RECORDS_TO_VERIFY = 200_000;
const RECORD_BYTES = 460;
const MIB = 1024 ** 2;

const EVENT: AuditEvent = {
  action: 'search',
  outcome: 'done',
  gallery: { kind: 'large-person', galleryId: 'staff' },
  recognitionModel: 'recognition_04',
  packId: 'fast',
  thresholdScore: 0.4213,
  searches: [
    {
      probeId: '004b00b4-1681-489f-b821-2b1ef0cafc24',
      candidates: [{ personId: '4efa61f1-b560-4d5e-998e-0a51e20ee80a', score: 0.7123 }],
    },
  ],
};

printHeading('The audit log');
// Beside the code: the system's temporary folder may be memory, which syncs for nothing
const folder = await mkdtemp(join(import.meta.dirname, 'results', '.audit-'));
try {
  const appends = await measureAppends();
  const reading = await measureReading();
  console.log(`\nwritten to ${writeResults('audit', { ...appends, reading })}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measureAppends() {
  const log = await openLog('appends');
  const unreserved = await openLog('unreserved', 0);
  const best = { plain: 0, unreserved: 0, writers: new Map<number, { perSecond: number; recordsAWrite: number }>() };
  for (let round = 0; round < ROUNDS; round++) {
    best.plain = Math.max(best.plain, await plainWritesPerSecond());
    best.unreserved = Math.max(best.unreserved, (await recordsPerSecond(unreserved, 1)).perSecond);
    for (const writers of WRITERS) {
      const measured = await recordsPerSecond(log, writers);
      if (measured.perSecond > (best.writers.get(writers)?.perSecond ?? 0)) best.writers.set(writers, measured);
    }
  }
  await log.close();
  await unreserved.close();

  const alone = best.writers.get(1)?.perSecond ?? 0;
  console.log(`plain append and fdatasync, one at a time: ${best.plain.toFixed(0)} a second`);
  console.log(`one writer without a reserve: ${best.unreserved.toFixed(0)} records a second`);
  console.log('writers  records/s  against one  records a write');
  const rows = [...best.writers].map(([writers, { perSecond, recordsAWrite }]) => {
    const ratio = perSecond / alone;
    const cells = [String(writers), perSecond.toFixed(0), ratio.toFixed(1), recordsAWrite.toFixed(1)];
    console.log(`${cells[0]?.padStart(7)}${cells[1]?.padStart(11)}${cells[2]?.padStart(13)}${cells[3]?.padStart(17)}`);
    return { writers, perSecond: Math.round(perSecond), againstOne: Number(cells[2]), recordsAWrite: Number(cells[3]) };
  });
  return {
    plainWritesPerSecond: Math.round(best.plain),
    withoutReservePerSecond: Math.round(best.unreserved),
    writers: rows,
  };
}

async function recordsPerSecond(log: OpenedAuditLog, writers: number) {
  const audit = log.actingAs({ tenantId: 'default', keyId: 'bench' });
  const { commits } = log.stats();
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (let i = 0; i < RECORDS_A_WRITER; i++) await audit.record(EVENT);
    }),
  );
  const records = writers * RECORDS_A_WRITER;
  const perSecond = (records / (performance.now() - startMs)) * 1000;
  return { perSecond, recordsAWrite: records / (log.stats().commits - commits) };
}

/** What an audit log without a chain, a head or a reserve would do. */
async function plainWritesPerSecond(): Promise<number> {
  const file = await open(join(folder, 'plain'), 'w');
  const line = Buffer.alloc(RECORD_BYTES, 'x');
  const startMs = performance.now();
  for (let i = 0; i < RECORDS_A_WRITER; i++) {
    await file.write(line);
    await file.datasync();
  }
  const perSecond = (RECORDS_A_WRITER / (performance.now() - startMs)) * 1000;
  await file.close();
  return perSecond;
}

async function measureReading() {
  const log = await openLog('reading');
  const audit = log.actingAs({ tenantId: 'default', keyId: 'bench' });
  for (let i = 0; i < RECORDS_TO_VERIFY; i += 10_000) {
    await Promise.all(Array.from({ length: 10_000 }, () => audit.record(EVENT)));
  }
  await log.close();
  const chainFolder = join(folder, 'reading', log.chain);
  const bytes = (await stat(segmentPath(chainFolder, 1))).size + (await sizeOrZero(segmentPath(chainFolder, 2)));

  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const startMs = performance.now();
    const { isIntact } = await verifyAudit({ folder: join(folder, 'reading') });
    if (!isIntact) throw new Error('the log that was just written is not intact');
    best = Math.min(best, performance.now() - startMs);
  }
  const mibPerSecond = Math.round(bytes / MIB / (best / 1000));
  console.log(`\nverified ${RECORDS_TO_VERIFY} records, ${Math.round(bytes / MIB)} MiB: ${mibPerSecond} MiB a second`);
  return { records: RECORDS_TO_VERIFY, bytes, mibPerSecond };
}

function openLog(name: string, reserveBytes?: number): Promise<OpenedAuditLog> {
  return openAuditLog({
    folder: join(folder, name),
    clock: { nowMs: Date.now },
    part: 'service',
    ...(reserveBytes === undefined ? {} : { reserveBytes }),
  });
}

async function sizeOrZero(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
