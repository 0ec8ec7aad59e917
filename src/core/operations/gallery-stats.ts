import { packFor } from '../checks.ts';
import { type DecisionRule, decisionRule } from '../decide.ts';
import type { Deps, KnownModels } from '../ports.ts';
import type { Gallery, ModelPack } from '../types.ts';

export interface GalleryStats {
  readonly persons: number;
  readonly enrolments: number;
  readonly pack: ModelPack;
  readonly rule: DecisionRule;
}

/** How large a gallery is, and how a search of it as it is now would be decided. */
export async function galleryStats(deps: Pick<Deps, 'store'> & KnownModels, gallery: Gallery): Promise<GalleryStats> {
  const pack = packFor(deps, gallery.recognitionModel);
  const { persons, enrolments } = await deps.store.countGallery(gallery);
  const { targetFpir, tail } = gallery;
  const rule = decisionRule(pack.calibration, { persons, enrolments, targetFpir, ownTail: tail?.curve });
  return { persons, enrolments, pack, rule };
}
