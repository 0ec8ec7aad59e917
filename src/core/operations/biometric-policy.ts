// What anybody may know of how faces are recognised here: as the settings say, without a word of whom.
import { everyGallery } from '../every-gallery.ts';
import type { Deps } from '../ports.ts';
import type { GalleryTerms, ModelPack } from '../types.ts';

/** The terms of one gallery or of several that have the same. */
export interface PublishedTerms extends GalleryTerms {
  readonly keepPhotos: boolean;
}

export interface BiometricPolicy {
  readonly terms: readonly PublishedTerms[];
  readonly models: readonly Pick<ModelPack, 'packId' | 'description' | 'trainingData'>[];
  readonly asOfMs: number;
}

/** Of the galleries of every tenant; no ids, names or counts of them. */
export async function biometricPolicy(deps: Pick<Deps, 'store' | 'engine' | 'clock'>): Promise<BiometricPolicy> {
  const found = new Map<string, PublishedTerms>();
  for await (const gallery of everyGallery(deps)) {
    const { purpose, lawfulBasis, retentionDays, consentPolicy, twoPersonRule, keepPhotos } = gallery;
    const terms = {
      ...(purpose === undefined ? {} : { purpose }),
      ...(lawfulBasis === undefined ? {} : { lawfulBasis }),
      ...{ retentionDays, consentPolicy, twoPersonRule, keepPhotos },
    };
    found.set(JSON.stringify(terms), terms);
  }
  return {
    terms: [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, terms]) => terms),
    models: deps.engine.packs.map(({ packId, description, trainingData }) => ({ packId, description, trainingData })),
    asOfMs: deps.clock.nowMs(),
  };
}
