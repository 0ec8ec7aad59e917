// A reviewer looked at two who are likely one person enrolled twice, and said that they are two people: kept, so that nobody
// is asked again.
import { audited, auditedGallery } from '../audited.ts';
import { invalidArgument } from '../checks.ts';
import { MAX_DISMISSED_PAIRS } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import type { DismissedPair, PairOfPersons } from '../storage/dismissed-pairs.ts';
import type { GalleryRef } from '../types.ts';

export interface PairToDismiss {
  readonly personIds: PairOfPersons;
  /** Of whoever says it. */
  readonly keyId: string;
}

/** Said again it changes nothing. */
export async function dismissPair(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  gallery: GalleryRef,
  { personIds, keyId }: PairToDismiss,
): Promise<void> {
  await requireTwo(deps, gallery, personIds);
  const deed = { action: 'duplicate-dismiss', gallery: auditedGallery(gallery), personIds } as const;
  await audited(deps, deed, () =>
    deps.store.dismissPair(gallery, { personIds, keyId, dismissedMs: deps.clock.nowMs() }, MAX_DISMISSED_PAIRS),
  );
}

/** From then on a search may find them again. Of two who were never dismissed it changes nothing. */
export async function restorePair(
  deps: Pick<Deps, 'store'> & Acting,
  gallery: GalleryRef,
  personIds: PairOfPersons,
): Promise<void> {
  await requireTwo(deps, gallery, personIds);
  const deed = { action: 'duplicate-restore', gallery: auditedGallery(gallery), personIds } as const;
  await audited(deps, deed, () => deps.store.restorePair(gallery, personIds));
}

export interface DismissedPairsPage {
  /** Latest first. */
  readonly pairs: readonly DismissedPair[];
  /** On all pages. */
  readonly total: number;
  /** Where the next page goes on; undefined when this was the last. */
  readonly nextBefore?: number;
}

/** On record as a read of all who are named. */
export async function listDismissedPairs(
  deps: Pick<Deps, 'store'> & Acting,
  gallery: GalleryRef,
  page: { readonly beforePairNo?: number; readonly limit: number },
): Promise<DismissedPairsPage> {
  const pairs = await deps.store.listDismissedPairs(gallery, page);
  const total = await deps.store.countDismissedPairs(gallery);
  const personIds = [...new Set(pairs.flatMap(({ persons }) => persons.map(({ personId }) => personId)))];
  await deps.audit.record({ action: 'person-read', outcome: 'done', gallery: auditedGallery(gallery), personIds });
  const last = pairs.at(-1);
  return { pairs, total, ...(last && pairs.length === page.limit ? { nextBefore: last.pairNo } : {}) };
}

/** Ids that are nobody's here are told before anything is put on record as begun. */
async function requireTwo(
  deps: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  [first, second]: PairOfPersons,
): Promise<void> {
  if (first === second) throw invalidArgument('personId', 'out-of-range', 'It takes two different people.');
  await deps.store.getPersonKey(gallery, first);
  await deps.store.getPersonKey(gallery, second);
}
