// What processes have taken of the machine, from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_S = 100;
const KIB = 1024;

export interface MemoryUse {
  /** Resident, pages that several processes share counted in each. */
  readonly rssBytes: number;
  /** Resident, shared pages divided among those that share them. */
  readonly pssBytes: number;
}

/**
 * Processor time of a process and all below it so far, in steps of 10 ms. Of children that ended, their parent has the
 * time: PostgreSQL's helpers of one query are counted after they are gone.
 */
export function cpuSecondsOf(rootPid: number): number {
  const fields = readAllStats();
  let ticks = 0;
  for (const pid of withDescendants(rootPid, fields)) {
    // utime, stime, cutime, cstime
    for (const place of [11, 12, 13, 14]) ticks += Number(fields.get(pid)?.[place]);
  }
  return ticks / TICKS_PER_S;
}

/** Memory of a process and all below it. */
export function memoryOf(rootPid: number): MemoryUse {
  let rssBytes = 0;
  let pssBytes = 0;
  for (const pid of withDescendants(rootPid, readAllStats())) {
    const rollup = readIfThere(`/proc/${pid}/smaps_rollup`);
    rssBytes += kibibytesIn(rollup, 'Rss') * KIB;
    pssBytes += kibibytesIn(rollup, 'Pss') * KIB;
  }
  return { rssBytes, pssBytes };
}

/** Fields of each process' stat file from its state on; the second one is the parent. */
function readAllStats(): Map<number, string[]> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const stats = new Map<number, string[]>();
  for (const pid of pids) {
    const stat = readIfThere(`/proc/${pid}/stat`);
    // A program's name may have spaces and brackets in it
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    if (stat !== '') stats.set(Number(pid), fields);
  }
  return stats;
}

function withDescendants(rootPid: number, stats: ReadonlyMap<number, readonly string[]>): readonly number[] {
  if (!stats.has(rootPid)) throw new Error(`process ${rootPid} is gone: what it took can't be told any more`);
  const found = [rootPid];
  for (const parent of found) {
    for (const [pid, fields] of stats) if (Number(fields[1]) === parent) found.push(pid);
  }
  return found;
}

function kibibytesIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** Empty when the process has ended meanwhile. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
