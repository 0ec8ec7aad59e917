// Whom nobody enrolled, found or verified for as long as their gallery says is erased.
import { auditedGallery } from '../audited.ts';
import type { ReceiptDeps } from '../erase-with-receipt.ts';
import { everyGallery } from '../every-gallery.ts';
import type { Acting, Deps } from '../ports.ts';
import { RETENTION_KEY_ID } from '../recorded-erasure.ts';
import type { UnusedPerson, UnusedPlace } from '../storage/uses.ts';
import type { Gallery, GalleryRef } from '../types.ts';
import { deleteDirectoryPerson } from './manage-directory.ts';
import { deletePerson } from './manage-persons.ts';

const DAY_MS = 86_400_000;
const PAGE = 100;

interface OverduePage {
  readonly byMs?: number;
  readonly after?: UnusedPlace;
  readonly limit: number;
}

type RetentionDeps = Omit<ReceiptDeps, 'audit'> & Pick<Deps, 'vault' | 'uses' | 'recognitionModels'>;

/** Persons whose time is over, or will be by `byMs` if nobody finds them until then; longest unused first. Erases nobody. */
export async function listOverdue(
  deps: Pick<Deps, 'store' | 'uses' | 'clock'> & Acting,
  ref: GalleryRef,
  page: OverduePage,
): Promise<readonly UnusedPerson[]> {
  const overdue = await findOverdue(deps, await deps.store.getGallery(ref), page);
  const personIds = overdue.map(({ personId }) => personId);
  await deps.audit.record({ action: 'person-read', outcome: 'done', gallery: auditedGallery(ref), personIds });
  return overdue;
}

/** Erases at most `limit` of them, each on record; answers whom. */
export async function enforceRetention(
  deps: RetentionDeps & Acting,
  ref: GalleryRef,
  limit: number,
): Promise<readonly string[]> {
  const overdue = await findOverdue(deps, await deps.store.getGallery(ref), { limit });
  for (const { personId } of overdue) {
    if (ref.kind === 'directory') await deleteDirectoryPerson(deps, ref.tenantId, personId);
    else await deletePerson(deps, ref, personId);
  }
  return overdue.map(({ personId }) => personId);
}

/** In every gallery of every tenant. Others get their turn after each person. */
export async function sweepRetention(
  deps: RetentionDeps & Pick<Deps, 'auditLog'>,
  signal: AbortSignal,
): Promise<number> {
  let erased = 0;
  for (const tenantId of await deps.store.listTenantIds()) {
    const acting = { ...deps, audit: deps.auditLog.actingAs({ tenantId, keyId: RETENTION_KEY_ID }) };
    for await (const gallery of everyGallery(deps, { tenantId })) {
      for (;;) {
        if (signal.aborted) return erased;
        const personIds = await enforceRetention(acting, gallery, PAGE);
        erased += personIds.length;
        if (personIds.length < PAGE) break;
      }
    }
  }
  return erased;
}

async function findOverdue(
  deps: Pick<Deps, 'store' | 'uses' | 'clock'>,
  gallery: Gallery,
  { byMs = deps.clock.nowMs(), ...page }: OverduePage,
): Promise<readonly UnusedPerson[]> {
  // A directory's faces go with its persons
  if (gallery.kind === 'directory' && gallery.galleryId !== 'persons') return [];
  await deps.uses.flush();
  return deps.store.listUnusedPersons(gallery, byMs - gallery.retentionDays * DAY_MS, page);
}
