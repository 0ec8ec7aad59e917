import { AuditFaultError } from './audit-fault.ts';
import type { SignedHead } from './chain-head.ts';
import { readLastHead, syncHeads } from './read-heads.ts';
import type { VerifyingKey } from './signing-key.ts';

/** As it is on the disk: a head that a crash takes back must not be known elsewhere. Undefined for a damaged chain. */
export async function newestHead(
  chainFolder: string,
  chain: string,
  key: VerifyingKey,
): Promise<SignedHead | undefined> {
  await syncHeads(chainFolder);
  try {
    return (await readLastHead(chainFolder, { chain, key })).head;
  } catch (error) {
    // The damage is for kith audit verify to name, and for whoever opens that chain
    if (error instanceof AuditFaultError) return undefined;
    throw error;
  }
}
