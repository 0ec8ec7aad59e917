import { removeCopies } from '../../compose.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import { enforceRetention, listOverdue } from '../../core/operations/enforce-retention.ts';
import { deleteGallery, listGalleries, updateGallery } from '../../core/operations/manage-galleries.ts';
import type { UnusedPerson } from '../../core/storage/uses.ts';
import type { Gallery, GalleryKind } from '../../core/types.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { type CommandContext, withRecords } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import type { KnownGalleries, KnownGallery } from './known-galleries.ts';

const KINDS: readonly GalleryKind[] = ['large-person', 'person', 'large-face', 'face'];

/** Opens the data directory for as long as `work` takes. */
export function withLocalGalleries(
  context: CommandContext,
  work: (galleries: KnownGalleries) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withRecords(context, async (deps, config) => {
    // Copies on the disk go before an erasure is acknowledged; a running service follows by itself
    const erasing = { ...deps, follower: { catchUp: () => removeCopies(config) } };

    async function known(gallery: Gallery): Promise<KnownGallery> {
      const { persons, enrolments } = await deps.store.countGallery(gallery);
      return { ...gallery, people: persons, faces: enrolments };
    }

    async function* ofKind(kind: GalleryKind): AsyncGenerator<KnownGallery> {
      let after: string | undefined;
      do {
        const page = { limit: MAX_PAGE, ...(after === undefined ? {} : { after }) };
        const found = await listGalleries(deps, { tenantId: DEFAULT_TENANT, kind }, page);
        for (const gallery of found) yield known(gallery);
        after = found.length < MAX_PAGE ? undefined : found.at(-1)?.galleryId;
      } while (after !== undefined);
    }

    return work({
      async *every() {
        for (const kind of KINDS) yield* ofKind(kind);
      },
      get: async (galleryId) => known(await getGallery(deps, galleryId)),
      update: async (galleryId, patch) => {
        await updateGallery(deps, await getGallery(deps, galleryId), patch);
      },
      erase: async (galleryId) => deleteGallery(erasing, await getGallery(deps, galleryId), { withSnapshots: true }),
      async *overdue(galleryId) {
        const gallery = await getGallery(deps, galleryId);
        let last: UnusedPerson | undefined;
        do {
          const page = await listOverdue(deps, gallery, { limit: MAX_PAGE, ...(last ? { after: last } : {}) });
          for (const { personId, personName, lastUsedMs } of page) yield { personId, name: personName, lastUsedMs };
          last = page.length < MAX_PAGE ? undefined : page.at(-1);
        } while (last !== undefined);
      },
      async *eraseOverdue(galleryId) {
        const gallery = await getGallery(deps, galleryId);
        for (;;) {
          const personIds = await enforceRetention(erasing, gallery, MAX_PAGE);
          yield* personIds;
          if (personIds.length < MAX_PAGE) return;
        }
      },
    });
  });
}
