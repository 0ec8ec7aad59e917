// Audit logs to be looked at, broken, and written to from other processes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditLogOptions, type OpenedAuditLog, openAuditLog } from '../../src/audit/audit-log.ts';
import type { AuditEvent } from '../../src/core/audit-types.ts';

export const ACTOR = { tenantId: 'clinic', keyId: 'key-1' } as const;
export const START_MS = Date.UTC(2030, 0, 1);

/** One second a look. */
export function tickingClock(startMs = START_MS): { nowMs(): number } {
  let nowMs = startMs;
  return {
    nowMs() {
      nowMs += 1000;
      return nowMs;
    },
  };
}

export async function withTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-audit-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function openTestLog(folder: string, options: Partial<AuditLogOptions> = {}): Promise<OpenedAuditLog> {
  return openAuditLog({ folder, clock: tickingClock(), part: 'service', reserveBytes: 16 * 1024, ...options });
}

export function searchEvent(personId: string, score = 0.71): AuditEvent {
  return {
    action: 'search',
    outcome: 'done',
    gallery: { kind: 'large-person', galleryId: 'staff' },
    recognitionModel: 'recognition_04',
    packId: 'fast',
    thresholdScore: 0.42,
    searches: [{ probeId: `probe-of-${personId}`, candidates: [{ personId, score }] }],
  };
}

/** Writes a log of one chain, one record after the other, and closes it; answers the chain's folder. */
export async function writeLog(
  folder: string,
  options: Partial<AuditLogOptions> & { readonly records: number },
): Promise<string> {
  const log = await openTestLog(folder, options);
  const audit = log.actingAs(ACTOR);
  for (let i = 1; i <= options.records; i++) await audit.record(searchEvent(`person-${i}`));
  await log.close();
  return join(folder, log.chain);
}

export function segmentsOf(chainFolder: string): string[] {
  return readdirSync(chainFolder)
    .filter((name) => /^\d+\.jsonl$/.test(name))
    .sort();
}

/** Without the zeros of a reserve. */
export function linesOf(chainFolder: string, file = '000001.jsonl'): string[] {
  return readFileSync(join(chainFolder, file), 'utf8')
    .replace(/\0+$/, '')
    .split('\n')
    .filter((line) => line !== '');
}

export function recordsIn(chainFolder: string): Record<string, unknown>[] {
  return segmentsOf(chainFolder).flatMap((file) => linesOf(chainFolder, file).map((line) => JSON.parse(line)));
}

export function writeLines(chainFolder: string, lines: readonly string[], file = '000001.jsonl'): void {
  writeFileSync(join(chainFolder, file), lines.map((line) => `${line}\n`).join(''));
}
