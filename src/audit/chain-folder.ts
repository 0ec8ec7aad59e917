// What stands where: <audit folder>/<chain>/000001.jsonl, 000002.jsonl … with the lines, heads.jsonl with the signed
// heads, and lock, held by the one process that writes.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Inside the data directory. */
export const AUDIT_FOLDER = 'audit';
const CHAIN_NAME = /^\d{4}-[0-9a-f]{8}$/;
const SEGMENT_NAME = /^(\d{6})\.jsonl$/;
export const HEADS_FILE = 'heads.jsonl';
export const LOCK_FILE = 'lock';

/** In the order in which the chains were begun; none when the folder isn't there. */
export async function listChains(auditFolder: string): Promise<string[]> {
  return (await namesIn(auditFolder)).filter((name) => CHAIN_NAME.test(name)).sort();
}

/** Numbers of the segments that are there, rising. */
export async function listSegments(chainFolder: string): Promise<number[]> {
  return (await namesIn(chainFolder))
    .flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export function segmentFile(segment: number): string {
  return `${String(segment).padStart(6, '0')}.jsonl`;
}

export function segmentPath(chainFolder: string, segment: number): string {
  return join(chainFolder, segmentFile(segment));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
