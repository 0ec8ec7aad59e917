import type { Deps } from './ports.ts';

/**
 * Nobody is told that something is erased before the ledger remembers it and no search finds it. Answers the names of
 * other nodes over the same store that have not confirmed it; they find nobody either who is no longer in the store, but
 * may still hold a template in memory.
 */
export async function settleErasure(deps: Pick<Deps, 'erasureLedger' | 'follower'>): Promise<string[]> {
  await deps.erasureLedger.catchUp();
  await deps.follower.catchUp();
  return [...((await deps.follower.catchUpElsewhere?.()) ?? [])];
}
