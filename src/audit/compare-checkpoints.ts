// What a database has of nodes' logs, against a folder: whoever cut its files back, or began them anew, is found out.
import type { AuditCheckpoint } from '../core/audit-types.ts';
import type { AuditCheckpoints } from '../core/ports.ts';
import { type AuditFault, AuditFaultError } from './audit-fault.ts';
import { segmentFile } from './chain-folder.ts';
import { isSignedBy, parseHead, type SignedHead } from './chain-head.ts';
import { derOf, keyOfDer, type VerifyingKey } from './signing-key.ts';

/** What a fault in the database is named by, in place of a file. */
const CHECKPOINTS = 'audit_checkpoints';

export interface CheckpointTrust {
  readonly source: AuditCheckpoints;
  /** Of the node whose folder it is, where that is known. */
  readonly nodeId?: string | undefined;
}

/** A chain that another node signed: its files can't be looked at here. */
export interface ChainElsewhere extends Pick<AuditCheckpoint, 'nodeId' | 'nodeName' | 'chain'> {
  /** Records that its newest checkpoint covers, and when it was signed (ISO 8601). */
  readonly records: number;
  readonly time: string;
}

export interface SortedCheckpoints {
  /** Newest heads of the chains that belong into the folder. */
  readonly own: ReadonlyMap<string, SignedHead>;
  readonly elsewhere: readonly ChainElsewhere[];
  readonly faults: readonly AuditFault[];
}

/** `newest`: of each chain. */
export function sortCheckpoints(
  newest: readonly AuditCheckpoint[],
  { key, nodeId }: { readonly key: VerifyingKey; readonly nodeId: string | undefined },
): SortedCheckpoints {
  const own = new Map<string, SignedHead>();
  const elsewhere: ChainElsewhere[] = [];
  const faults: AuditFault[] = [];
  const ownKey = derOf(key);
  for (const checkpoint of newest) {
    const { publicKey, chain, nodeName } = checkpoint;
    const signer = keyOfDer(publicKey);
    const head = signer && signedHeadOf(checkpoint, signer);
    if (!head) faults.push(unsigned(checkpoint));
    else if (ownKey.equals(publicKey)) own.set(chain, head);
    else if (checkpoint.nodeId === nodeId) {
      faults.push(gone(chain, `This node signed ${upTo(head)} with another key: its log was begun anew.`));
    } else elsewhere.push({ nodeId: checkpoint.nodeId, nodeName, chain, records: head.seq, time: head.time });
  }
  return { own, elsewhere, faults };
}

/** All heads of a chain that the database has, rising, up to the one that was the newest before its lines are read. */
export async function* checkpointsUntil(
  source: AuditCheckpoints,
  newest: SignedHead,
  key: VerifyingKey,
): AsyncGenerator<SignedHead, void, undefined> {
  const { chain } = newest;
  for await (const checkpoint of source.ofChain({ publicKey: derOf(key), chain })) {
    if (checkpoint.seq > newest.seq) return;
    const head = signedHeadOf(checkpoint, key);
    if (!head) throw new AuditFaultError(unsigned(checkpoint));
    yield head;
  }
}

/** Of a chain that the database knows and the folder hasn't. */
export function chainGone(head: SignedHead): AuditFault {
  return gone(head.chain, `The whole chain is gone: ${upTo(head)} are signed in the database.`);
}

function signedHeadOf({ head: text, chain, seq }: AuditCheckpoint, key: VerifyingKey): SignedHead | undefined {
  const head = parseHead(text);
  return head && head.chain === chain && head.seq === seq && isSignedBy(head, key) ? head : undefined;
}

function unsigned({ chain, seq, nodeName }: AuditCheckpoint): AuditFault {
  const message = `The checkpoint of ${nodeName} over record ${seq} is not signed by its key.`;
  return { kind: 'bad-signature', chain, file: CHECKPOINTS, line: seq, message };
}

function gone(chain: string, message: string): AuditFault {
  return { kind: 'missing', chain, file: segmentFile(1), line: 1, message };
}

function upTo({ seq, time }: SignedHead): string {
  return `${seq} records until ${time}`;
}
