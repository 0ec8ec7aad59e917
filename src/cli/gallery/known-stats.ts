// How a gallery is searched, told by the data directory or by a service.
import type { Static } from 'typebox';
import { galleryStats } from '../../core/operations/gallery-stats.ts';
import type { GalleryKind } from '../../core/types.ts';
import type * as wire from '../../dialects/kith/wire.ts';
import { type CommandContext, withRecordsAndPacks } from '../command-context.ts';
import { getGallery } from '../find-gallery.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { REMOTE_KIND } from './remote-kind.ts';

/** As a service tells it; it knows the galleries of one kind. */
export type KnownStats = Static<typeof wire.GalleryStats> & { readonly kind: GalleryKind };

/** Wherever the command was told to work. */
export function statsOf(context: CommandContext, galleryId: string): Promise<KnownStats> {
  const { service } = context;
  return service ? remoteStats(service, galleryId) : localStats(context, galleryId);
}

async function remoteStats(service: ServiceClient, galleryId: string): Promise<KnownStats> {
  const { GalleryStats } = await import('../../dialects/kith/wire.ts');
  const path = pathTo('galleries', galleryId, 'stats');
  const stats = await service.call({ method: 'GET', path, answers: GalleryStats, isRepeatable: true });
  return { ...stats, kind: REMOTE_KIND };
}

function localStats(context: CommandContext, galleryId: string): Promise<KnownStats> {
  return withRecordsAndPacks(context, async (deps) => {
    const gallery = await getGallery(deps, galleryId);
    const { persons, enrolments, pack, rule } = await galleryStats(deps, gallery);
    const { kind, name, keepPhotos, twoPersonRule, recognitionModel, tail } = gallery;
    return {
      galleryId: gallery.galleryId,
      kind,
      name,
      people: persons,
      faces: enrolments,
      keepPhotos,
      twoPersonRule,
      recognitionModel,
      model: pack.packId,
      threshold: rule.thresholdScore,
      reviewThreshold: rule.reviewScore,
      targetFpir: rule.targetFpir,
      expectedFpir: rule.expectedFpir,
      expectedFpirInterval: [...rule.expectedFpirInterval],
      calibratedOn: rule.tail.measuredOn,
      ...(tail ? { calibratedAt: new Date(tail.fittedMs).toISOString(), calibratedEnrolments: tail.enrolments } : {}),
    };
  });
}
