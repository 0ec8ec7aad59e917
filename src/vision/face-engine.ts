import { KithError } from '../core/errors.ts';
import type { FaceEngine } from '../core/ports.ts';
import type { ModelPack } from '../core/types.ts';
import type { AddedPacks } from './face-models.ts';
import { CATALOGUE, publicPack } from './model-catalogue.ts';
import { packOf } from './model-manifest.ts';
import { readAddedManifest } from './models-folder.ts';
import { ProcessLostError, ProcessPool } from './process-pool.ts';
import type { VisionProcessOptions } from './vision-messages.ts';

export interface FaceEngineOptions {
  /** Photos worked on at the same time, each in a process of its own (about 250 MB). */
  readonly processes: number;
  /** Threads a network may use within one process. */
  readonly intraOpThreads?: number;
  /** Time one photo may take, and may wait before. */
  readonly deadlineMs?: number;
  /** Photos that may wait; one more is refused as busy. */
  readonly maxQueued?: number;
  /** Resident memory at which a process is replaced. */
  readonly maxRssMb?: number;
  /** Packs that the owner brought, besides those that come with Kith. */
  readonly added?: AddedPacks;
  /** Told when a process died or was ended, with the reason. */
  readonly onProcessLost?: (message: string) => void;
}

/** A face engine whose processes can be seen. */
export interface PooledFaceEngine extends FaceEngine {
  readonly pids: readonly number[];
}

/**
 * Starts the vision processes; resolves when the first can work. A photo that crashes or hangs its process is refused
 * as undecodable when that happened while it was decoded, and fails with an Error when it happened later.
 */
export async function createFaceEngine(options: FaceEngineOptions): Promise<PooledFaceEngine> {
  const processOptions: VisionProcessOptions = {
    intraOpThreads: options.intraOpThreads ?? 1,
    maxRssMb: options.maxRssMb ?? 2048,
    ...(options.added && { added: options.added }),
  };
  // Before any process starts: what a manifest lacks is said at once
  const packs = await listPacks(options.added);
  const pool = new ProcessPool({
    entry: new URL(import.meta.url.endsWith('.ts') ? './vision-process.ts' : './vision-process.js', import.meta.url),
    argument: JSON.stringify(processOptions),
    processes: options.processes,
    maxQueued: options.maxQueued ?? 64 * options.processes,
    deadlineMs: options.deadlineMs ?? 30_000,
    maxHeapMb: 512,
    ...(options.onProcessLost && { onProcessLost: options.onProcessLost }),
  });
  try {
    await pool.ready();
  } catch (error) {
    await pool.close();
    throw error;
  }
  return {
    packs,
    async analyse(image, analyseOptions, signal) {
      try {
        return await pool.run({ image, options: analyseOptions }, signal);
      } catch (error) {
        throw error instanceof ProcessLostError && !error.afterDecoding ? unreadable(error) : error;
      }
    },
    close: () => pool.close(),
    get pids() {
      return pool.pids;
    },
  };
}

/** The packs that come with Kith and those added, from their descriptions alone. */
export async function listPacks(added?: AddedPacks): Promise<readonly ModelPack[]> {
  const { modelsDir, packIds } = added ?? { modelsDir: '', packIds: [] };
  const described = await Promise.all(packIds.map((packId) => readAddedManifest(modelsDir, packId)));
  return [...CATALOGUE.map(publicPack), ...described.map(packOf)];
}

function unreadable(cause: ProcessLostError): KithError {
  const message = 'The image could not be decoded within the limits of time and memory.';
  return new KithError({ kind: 'image-unusable', fault: 'undecodable', message }, { cause });
}
