import { join } from 'node:path';
import type { AuditCheckpoint } from '../core/audit-types.ts';
import type { AuditCheckpoints } from '../core/ports.ts';
import { listChains } from './chain-folder.ts';
import { headLine } from './chain-head.ts';
import { newestHead } from './newest-head.ts';
import { derOf, PUBLIC_KEY_FILE, readPublicKey } from './signing-key.ts';

export interface CheckpointNotesOptions extends Pick<AuditCheckpoint, 'nodeId' | 'nodeName'> {
  /** The audit folder. Chains of commands beside the service are noted too. */
  readonly folder: string;
  readonly checkpoints: AuditCheckpoints;
}

/** Answers what notes the newest signed head of each chain that has gone on since the last time. */
export async function createCheckpointNotes(options: CheckpointNotesOptions): Promise<() => Promise<void>> {
  const { folder, checkpoints, nodeId, nodeName } = options;
  const key = await readPublicKey(join(folder, PUBLIC_KEY_FILE));
  const publicKey = derOf(key);
  const noted = new Map<string, string>();

  return async () => {
    for (const chain of await listChains(folder)) {
      const head = await newestHead(join(folder, chain), chain, key);
      if (!head || noted.get(chain) === head.hash) continue;
      const text = headLine(head).toString('utf8').trimEnd();
      await checkpoints.add([{ publicKey, chain, seq: head.seq, head: text, nodeId, nodeName }]);
      noted.set(chain, head.hash);
    }
  };
}
