import type { Static } from 'typebox';
import { MAX_PAGE } from '../../core/limits.ts';
import { Overdue, RetentionApplied } from '../../dialects/kith/retention-wire.ts';
import * as wire from '../../dialects/kith/wire.ts';
import { noSuchGallery } from '../no-such-gallery.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import type { GallerySettings, KnownGalleries, KnownGallery } from './known-galleries.ts';
import { REMOTE_KIND } from './remote-kind.ts';

export function openRemoteGalleries(service: ServiceClient): KnownGalleries {
  const gallery = (galleryId: string, ...rest: readonly string[]) => pathTo('galleries', galleryId, ...rest);
  return {
    async *every() {
      let after: string | undefined;
      do {
        const { galleries } = await service.call({
          method: 'GET',
          path: pathTo('galleries'),
          query: { limit: MAX_PAGE, after },
          answers: wire.Galleries,
          isRepeatable: true,
        });
        for (const found of galleries) yield known(found);
        after = galleries.length < MAX_PAGE ? undefined : galleries.at(-1)?.galleryId;
      } while (after !== undefined);
    },
    get: (galleryId) => findRemoteGallery(service, galleryId),
    async update(galleryId, patch) {
      await service.call({ method: 'PATCH', path: gallery(galleryId), json: patch, isRepeatable: true });
    },
    erase: (galleryId) => service.call({ method: 'DELETE', path: gallery(galleryId), answers: wire.Erasure }),
    async *overdue(galleryId) {
      let after: string | undefined;
      do {
        const page = await service.call({
          method: 'GET',
          path: gallery(galleryId, 'retention'),
          query: { limit: MAX_PAGE, after },
          answers: Overdue,
          isRepeatable: true,
        });
        for (const { lastUsedAt, ...person } of page.people) yield { ...person, lastUsedMs: Date.parse(lastUsedAt) };
        after = page.next;
      } while (after !== undefined);
    },
    async *eraseOverdue(galleryId) {
      for (;;) {
        const { erased, isComplete } = await service.call({
          method: 'POST',
          path: gallery(galleryId, 'retention'),
          query: { limit: MAX_PAGE },
          answers: RetentionApplied,
        });
        yield* erased;
        if (isComplete) return;
      }
    },
  };
}

export async function findRemoteGallery(service: ServiceClient, galleryId: string): Promise<KnownGallery> {
  const path = pathTo('galleries', galleryId);
  return known(await service.call({ method: 'GET', path, answers: wire.Gallery, isRepeatable: true }));
}

/** The service only said that there is none: which there are helps more, as far as the key may know. */
export async function explainNoGallery(service: ServiceClient, galleryId: string, said: Error): Promise<Error> {
  const path = pathTo('galleries');
  const query = { limit: MAX_PAGE };
  const page = await service
    .call({ method: 'GET', path, query, answers: wire.Galleries, isRepeatable: true })
    .catch(() => undefined);
  if (!page) return said;
  return noSuchGallery(
    galleryId,
    page.galleries.map((found) => found.galleryId),
  );
}

/** Needs a key that may do everything. */
export async function createRemoteGallery(
  service: ServiceClient,
  galleryId: string,
  settings: GallerySettings & { readonly recognitionModel?: string },
): Promise<KnownGallery> {
  const path = pathTo('galleries', galleryId);
  return known(await service.call({ method: 'PUT', path, json: settings, answers: wire.Gallery }));
}

function known({ createdAt, ...gallery }: Static<typeof wire.Gallery>): KnownGallery {
  return { ...gallery, kind: REMOTE_KIND, createdMs: Date.parse(createdAt) };
}
