import { join } from 'node:path';
import { listChains } from './chain-folder.ts';
import { type ChainHead, isSignedBy, type SignedHead } from './chain-head.ts';
import type { HeadList } from './check-chain.ts';
import { type ChainBunch, readChain } from './read-chain.ts';
import { readHeads, sizeOfHeads } from './read-heads.ts';
import { PUBLIC_KEY_FILE, readPublicKey, type VerifyingKey } from './signing-key.ts';

export interface AuditReaderOptions {
  /** The audit folder, of a running service too: what is written meanwhile is left to a later look. */
  readonly folder: string;
  /** A copy of the public key kept elsewhere; else the one in the folder is believed. */
  readonly publicKeyPath?: string | undefined;
  /** Heads kept elsewhere: the chains must still hold what they cover. */
  readonly keptHeads?: readonly SignedHead[] | undefined;
}

export interface AuditReader {
  readonly key: VerifyingKey;
  /** In the order in which they were begun. */
  readonly chains: readonly string[];
  /** All records of a chain, checked as they come, and against further heads; AuditFaultError at the first that is wrong. */
  readRecords(chain: string, heads?: HeadList): AsyncGenerator<ChainBunch, void, undefined>;
  /** All heads of a chain, checked the same way. */
  readHeads(chain: string): AsyncGenerator<SignedHead, void, undefined>;
}

/** There is nothing to check, or nothing to check it with. */
export class AuditUnreadableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AuditUnreadableError';
  }
}

/** Throws AuditUnreadableError when there is no audit log, or a kept head isn't signed by its key. */
export async function openAuditReader(options: AuditReaderOptions): Promise<AuditReader> {
  const { folder, keptHeads = [] } = options;
  const key = await readKey(options.publicKeyPath ?? join(folder, PUBLIC_KEY_FILE));
  for (const head of keptHeads) {
    if (!isSignedBy(head, key)) {
      throw new AuditUnreadableError(
        `The kept head of record ${head.seq} of the chain ${head.chain} is not signed by this log's key.`,
      );
    }
  }
  return {
    key,
    chains: await listChains(folder),
    readRecords: (chain, heads) => readWholeChain({ chainFolder: join(folder, chain), chain, key }, keptHeads, heads),
    async *readHeads(chain) {
      const chainFolder = join(folder, chain);
      yield* readHeads(chainFolder, { chain, key, untilBytes: await sizeOfHeads(chainFolder) });
    },
  };
}

/** From the first line to the last; `keptHeads` may be of other chains too. */
export async function* readWholeChain(
  target: { readonly chainFolder: string; readonly chain: string; readonly key: VerifyingKey },
  keptHeads: readonly ChainHead[] = [],
  further: HeadList = [],
): AsyncGenerator<ChainBunch, void, undefined> {
  // The heads end here before the lines are read: whatever they cover is on the disk by then
  const untilBytes = await sizeOfHeads(target.chainFolder);
  const kept = keptHeads.filter((head) => head.chain === target.chain).sort((a, b) => a.seq - b.seq);
  yield* readChain({ ...target, heads: [readHeads(target.chainFolder, { ...target, untilBytes }), kept, further] });
}

async function readKey(path: string): Promise<VerifyingKey> {
  try {
    return await readPublicKey(path);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isGone ? 'there is no such file' : (error as Error).message;
    throw new AuditUnreadableError(`The audit log's public key ${path} can't be read: ${reason}.`, { cause: error });
  }
}
