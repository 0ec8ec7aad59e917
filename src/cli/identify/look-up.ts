// Who is in a photo, asked of the data directory or of a service.
import type { Static } from 'typebox';
import type { Outcome } from '../../core/decide.ts';
import { identifyPhoto } from '../../core/operations/identify-photo.ts';
import type { Box, Quality } from '../../core/types.ts';
import type { Identified } from '../../dialects/kith/wire.ts';
import { type CommandContext, withEverything } from '../command-context.ts';
import { getGallery } from '../find-gallery.ts';
import { coreQuality } from '../service/core-quality.ts';
import { pathTo } from '../service/path-to.ts';
import { PHOTOS_ON_THE_WAY } from '../service/photos-on-the-way.ts';
import type { ServiceClient } from '../service/service-client.ts';
import type { NamedCandidate } from '../words.ts';

export interface LookedUpPhoto {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Largest first. */
  readonly faces: readonly LookedUpFace[];
}

export interface LookedUpFace {
  readonly box: Box;
  readonly quality: Quality | undefined;
  readonly outcome: Outcome;
  readonly candidates: readonly NamedCandidate[];
  readonly search: LookedUpSearch;
}

export interface LookedUpSearch {
  readonly gallerySize: number;
  readonly searched: number;
  readonly threshold: number;
  readonly reviewThreshold: number;
  readonly expectedFpir: number;
  readonly model: string;
  readonly exact: boolean;
  readonly recall: number;
}

export interface LookUpOptions {
  readonly galleryId: string;
  readonly photos: number;
  readonly maxCandidates: number;
  /** Candidates from there on, instead of those worth a question. */
  readonly minConfidence: number | undefined;
}

export type LookUp = (image: Uint8Array) => Promise<LookedUpPhoto>;

export async function withLookUp<T>(
  context: CommandContext,
  options: LookUpOptions,
  work: (lookUp: LookUp, photosAtOnce: number) => Promise<T>,
): Promise<T> {
  const { service } = context;
  const { galleryId, photos, maxCandidates, minConfidence } = options;
  if (service) {
    // A gallery that isn't there is told before any photo is sent
    const { findRemoteGallery } = await import('../gallery/remote-galleries.ts');
    await findRemoteGallery(service, galleryId);
    return work((image) => askService(service, options, image), PHOTOS_ON_THE_WAY);
  }
  return withEverything(context, { photosAtOnce: photos }, async (deps, config) => {
    const gallery = await getGallery(deps, galleryId);
    const lookUp: LookUp = async (image) => {
      const input = { gallery, image, maxCandidates, minConfidence: minConfidence ?? ('review' as const) };
      const { faces, ...size } = await identifyPhoto(deps, input);
      return {
        ...size,
        faces: faces.map(({ face, outcome, candidates, search }) => ({
          box: face.box,
          quality: face.quality,
          outcome,
          candidates,
          search: {
            gallerySize: search.persons,
            searched: search.enrolmentsSearched,
            threshold: search.thresholdScore,
            reviewThreshold: search.reviewScore,
            expectedFpir: search.expectedFpir,
            model: search.packId,
            exact: search.exact,
            recall: search.recall,
          },
        })),
      };
    };
    return work(lookUp, config.engineProcesses + 1);
  });
}

async function askService(
  service: ServiceClient,
  { galleryId, maxCandidates, minConfidence }: LookUpOptions,
  image: Uint8Array,
): Promise<LookedUpPhoto> {
  const wire = await import('../../dialects/kith/wire.ts');
  const { faces, ...size } = await service.call({
    method: 'POST',
    path: pathTo('identify'),
    query: { gallery: galleryId, maxCandidates, minConfidence },
    photo: image,
    answers: wire.Identified,
    isRepeatable: true,
  });
  return { ...size, faces: faces.map(lookedUpFace) };
}

function lookedUpFace(face: Static<typeof Identified>['faces'][number]): LookedUpFace {
  const { box, quality, outcome, candidates, search } = face;
  return {
    box,
    quality: coreQuality(quality),
    outcome,
    candidates: candidates.map(({ name, ...candidate }) => ({ ...candidate, personName: name })),
    search,
  };
}
