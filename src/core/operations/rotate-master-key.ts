// Everything that is sealed under the master key is sealed anew under the next one, while the service goes on: the keys of
// persons and of galleries, and probes. What is sealed under those keys stays as it is.
import { audited } from '../audited.ts';
import { nextTurn } from '../next-turn.ts';
import type { Acting, Deps, SealedUnderMaster } from '../ports.ts';
import type { SealedPlace } from '../storage/sealed-rows.ts';

const PLACES: Readonly<Record<SealedPlace, SealedUnderMaster>> = {
  'person-keys': 'person-key',
  'snapshot-person-keys': 'person-key',
  'gallery-keys': 'transform-key',
  'next-gallery-keys': 'transform-key',
  'snapshot-gallery-keys': 'transform-key',
  probes: 'probe',
  'liveness-references': 'probe',
};
/** Keys sealed anew between two turns of the event loop: some 10 ms. */
const PAGE = 500;
/** Copies of old keys are made while others are replaced; more passes than that, and something is wrong. */
const MAX_PASSES = 20;

export interface MasterKeyRotation {
  /** Waits until whoever read something before the rotation began has written it. */
  readonly settle: () => Promise<void>;
  readonly signal?: AbortSignal;
  readonly onSealed?: (rows: number) => void;
}

/**
 * Goes on with a rotation that has begun (`vault.isRotating`), and ends it: the old key opens nothing any more. Can be
 * stopped and gone on with; undefined when it was.
 */
export async function rotateMasterKey(
  deps: Pick<Deps, 'store' | 'vault'> & Acting,
  rotation: MasterKeyRotation,
): Promise<{ readonly sealedAnew: number } | undefined> {
  const deed = { action: 'key-rotate', subjectKeyId: 'master', countsOf } as const;
  return audited(deps, deed, async () => {
    let total = 0;
    let isSettled = false;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      let sealedAnew = 0;
      for (const place of Object.keys(PLACES) as SealedPlace[]) sealedAnew += await sealPlace(deps, place, rotation);
      if (rotation.signal?.aborted) return undefined;
      total += sealedAnew;
      if (sealedAnew > 0) {
        isSettled = false;
        continue;
      }
      if (isSettled) {
        deps.vault.endRotation();
        return { sealedAnew: total };
      }
      await rotation.settle();
      isSettled = true;
    }
    throw new Error('keys are copied faster than they can be sealed anew');
  });
}

async function sealPlace(
  { store, vault }: Pick<Deps, 'store' | 'vault'>,
  place: SealedPlace,
  { signal, onSealed }: MasterKeyRotation,
): Promise<number> {
  let count = 0;
  for (let after: string | undefined; !signal?.aborted; ) {
    const rows = await store.listSealed(place, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    const replaced = rows.flatMap((row) => {
      const anew = vault.sealAnew(PLACES[place], row.tenantId, row.sealed);
      return anew ? [{ ...row, anew }] : [];
    });
    if (replaced.length > 0) await store.replaceSealed(place, replaced);
    count += replaced.length;
    onSealed?.(replaced.length);
    after = rows.at(-1)?.at;
    if (rows.length < PAGE) break;
    await nextTurn();
  }
  return count;
}

function countsOf(result: { readonly sealedAnew: number } | undefined) {
  return { records: result?.sealedAnew ?? 0 };
}
