import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditLog, Clock } from '../core/ports.ts';
import { contentOf, prepareLine, systemContent } from './audit-line.ts';
import { listChains } from './chain-folder.ts';
import type { WitnessedHead } from './chain-head.ts';
import { HEAD_EVERY_MS, SEGMENT_BYTES } from './chain-limits.ts';
import { type ChainWriter, openChainWriter } from './chain-writer.ts';
import { type ClaimedChain, claimChain } from './claim-chain.ts';
import { type FoundEnd, findChainEnd } from './find-chain-end.ts';
import { newestHead } from './newest-head.ts';
import { startRecordQueue, unavailable } from './record-queue.ts';
import { readOrCreateSigningKey, type SigningKey } from './signing-key.ts';

const FORMAT = 1;
/** About ten thousand records: so long a full disk is not noticed here. */
const RESERVE_BYTES = 4 * 1024 * 1024;

export interface AuditLogOptions {
  /** Made when missing. Several processes may share it: each writes a chain of its own. */
  readonly folder: string;
  readonly clock: Clock;
  /** Which part of Kith is in use from now until `close`. */
  readonly part: 'service' | 'command-line';
  readonly segmentBytes?: number;
  /** Disk space kept for records at any time; 0 where a file system can't keep any (copy on write). */
  readonly reserveBytes?: number;
  readonly headEveryMs?: number;
}

export interface OpenedAuditLog extends AuditLog {
  /** The chain this process writes. */
  readonly chain: string;
  /** Signs what is on record by now; every few seconds it does so by itself. */
  sign(): Promise<void>;
  /** How many records were written since the opening, and in how many goes. */
  stats(): { readonly records: number; readonly commits: number };
}

/**
 * An append-only log of canonical JSON lines (RFC 8785), each with its number and the SHA-256 of the line before,
 * under heads signed with Ed25519 (RFC 8032). Records the start of use, and at `close` its end. Throws
 * AuditFaultError, with the line named, when what is there was changed; a last line that a crash cut off is removed,
 * and that is recorded.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<OpenedAuditLog> {
  const { folder, clock, part } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = await readOrCreateSigningKey(folder);
  const claimed = await claimChain(folder);
  let writer: ChainWriter;
  try {
    writer = await openWriter(options, claimed, key);
  } catch (error) {
    claimed.release();
    throw error;
  }
  const queue = startRecordQueue(writer, options.headEveryMs ?? HEAD_EVERY_MS);
  const { chain } = claimed;
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    try {
      await queue.drain();
      await writer.append([prepareLine(systemContent('use-end', clock.nowMs(), { part }))]);
    } finally {
      await writer.close().finally(() => claimed.release());
    }
  }

  return {
    chain,
    actingAs: (actor) => ({
      async record(event) {
        return { chain, seq: await queue.add(prepareLine(contentOf(event, actor, clock.nowMs()))) };
      },
    }),
    sign: queue.sign,
    stats: queue.stats,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Goes on behind the last whole line, with the start of use on the disk and signed. */
async function openWriter(options: AuditLogOptions, { chain }: ClaimedChain, key: SigningKey): Promise<ChainWriter> {
  const { folder, clock, part, segmentBytes = SEGMENT_BYTES, reserveBytes = RESERVE_BYTES } = options;
  const chainFolder = join(folder, chain);
  const found = await findChainEnd({ chainFolder, chain, key });
  const others = await witnessOthers(folder, chain, key);
  const nowMs = clock.nowMs();
  const start = systemContent('use-start', nowMs, {
    part,
    others: others.map((head) => ({ ...head })),
    ...cutOff(found),
  });
  const genesis = systemContent('chain-start', nowMs, { chain, format: FORMAT, publicKey: key.fingerprint });
  let writer: ChainWriter | undefined;
  try {
    writer = await openChainWriter({ chainFolder, chain, key, clock, segmentBytes, reserveBytes, end: found.end });
    await writer.append((found.end.seq === 0 ? [genesis, start] : [start]).map(prepareLine));
    await writer.signHead();
    return writer;
  } catch (error) {
    await writer?.close().catch(() => undefined);
    throw unavailable(error);
  }
}

/** What there is to say of a use whose end is not on record. */
function cutOff({ tornBytes, lastAction, lastTime }: FoundEnd): { tornBytes?: number; cutOffAfter?: string } {
  return {
    ...(tornBytes > 0 ? { tornBytes } : {}),
    ...(lastAction !== undefined && lastAction !== 'use-end' && lastTime !== undefined
      ? { cutOffAfter: lastTime }
      : {}),
  };
}

/** The heads of the other chains as they are on the disk now. */
async function witnessOthers(folder: string, chain: string, key: SigningKey): Promise<WitnessedHead[]> {
  const witnessed: WitnessedHead[] = [];
  for (const other of await listChains(folder)) {
    if (other === chain) continue;
    const head = await newestHead(join(folder, other), other, key);
    if (head) witnessed.push({ chain: other, seq: head.seq, hash: head.hash });
  }
  return witnessed;
}
