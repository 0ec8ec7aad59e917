// A new key for a gallery's templates: what anybody took from its memory, or linked with it, fits no longer. The gallery
// answers with the old ones until all are turned; then it changes over at once.
import { audited, auditedGallery } from '../audited.ts';
import { KithError } from '../errors.ts';
import { nextTurn } from '../next-turn.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { TemplateToRekey } from '../storage/rekeys.ts';
import type { GalleryRef } from '../types.ts';

/** Templates turned between two turns of the event loop: some 10 ms. */
const PAGE = 200;
/** Faces enrolled while the last ones were turned need another round; more than that, and something is wrong. */
const MAX_ROUNDS = 50;

export interface GalleryRekey {
  readonly gallery: GalleryRef;
  readonly signal?: AbortSignal;
  readonly onTurned?: (templates: number) => void;
}

/** `interrupted`: what was turned is kept, and the next run goes on where this one stopped. */
export type GalleryRekeyed =
  | { readonly outcome: 'rekeyed'; readonly templates: number }
  | { readonly outcome: 'interrupted'; readonly turned: number };

type RekeyDeps = Pick<Deps, 'store' | 'vault' | 'follower' | 'erasureLedger' | 'clock'> & Acting;

/** While the gallery is searched and enrolled into; can be stopped at any moment. */
export async function rekeyGallery(deps: RekeyDeps, rekey: GalleryRekey): Promise<GalleryRekeyed> {
  const { gallery, signal, onTurned } = rekey;
  const nextKey = await deps.store.beginRekey(gallery, deps.vault.newTransformKey(gallery.tenantId));
  let turned = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (let afterEnrolmentNo = 0; ; ) {
      if (signal?.aborted) return { outcome: 'interrupted', turned };
      const page = await deps.store.templatesToRekey(gallery, { afterEnrolmentNo, limit: PAGE });
      const last = page.at(-1);
      if (!last) break;
      await turnPage(deps, gallery, { page, nextKey });
      afterEnrolmentNo = last.enrolmentNo;
      turned += page.length;
      onTurned?.(page.length);
      await nextTurn();
    }
    const templates = await changeOver(deps, gallery);
    if (templates !== undefined) return { outcome: 'rekeyed', templates };
  }
  throw new Error('faces are enrolled faster than they can be turned');
}

async function turnPage(
  { store, vault }: RekeyDeps,
  ref: GalleryRef,
  { page, nextKey }: { readonly page: readonly TemplateToRekey[]; readonly nextKey: Uint8Array },
): Promise<void> {
  const { tenantId, transformKey } = await store.getGallery(ref);
  const staged = page.map(({ enrolmentNo, wrappedKey, sealedTemplate }) => {
    const kept = vault.openTemplate(tenantId, wrappedKey, sealedTemplate);
    const anew = vault.turn(tenantId, nextKey, vault.turnBack(tenantId, transformKey, kept));
    return { enrolmentNo, wrappedKey, sealedTemplate: vault.sealTemplate(tenantId, wrappedKey, anew) };
  });
  await store.stageRekeyed(ref, transformKey, staged);
}

/** Undefined when faces came meanwhile that are not turned yet. */
async function changeOver(deps: RekeyDeps, gallery: GalleryRef): Promise<number | undefined> {
  const deed = { action: 'gallery-rekey', gallery: auditedGallery(gallery) } as const;
  const countsOf = (counts: { readonly templates: number }) => counts;
  try {
    const { templates } = await audited(deps, { ...deed, countsOf }, async () => {
      const counts = await deps.store.finishRekey(gallery, deps.clock.nowMs());
      await settleErasure(deps);
      return counts;
    });
    return templates;
  } catch (error) {
    if (error instanceof KithError && error.problem.kind === 'conflict') return undefined;
    throw error;
  }
}
