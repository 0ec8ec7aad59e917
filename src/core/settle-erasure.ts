import type { Deps } from './ports.ts';

/** Nobody is told that something is erased before the ledger remembers it and no search finds it. */
export async function settleErasure(deps: Pick<Deps, 'erasureLedger' | 'follower'>): Promise<void> {
  await deps.erasureLedger.catchUp();
  await deps.follower.catchUp();
}
