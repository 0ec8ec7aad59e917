import { audited, auditedGallery } from '../audited.ts';
import { checkGalleryId, checkName, checkUserData, invalidArgument, packFor } from '../checks.ts';
import { MAX_FACE_GALLERIES } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import type { GalleryPatch } from '../storage/galleries.ts';
import type { Page } from '../storage/page.ts';
import type { Gallery, GalleryKind, GalleryRef } from '../types.ts';
import { sweepPhotos } from './enrolment-photos.ts';

export interface GallerySettings {
  readonly name: string;
  readonly userData?: string;
  readonly recognitionModel: string;
  /** Share of strangers the owner accepts being shown a name, above 0 and below 1. */
  readonly targetFpir?: number;
  /** Keep a small, sealed picture of each enrolled face; none by default. */
  readonly keepPhotos?: boolean;
}

/** already-exists when the id is taken: creating never changes what is there. */
export async function createGallery(
  deps: Pick<Deps, 'store' | 'clock' | 'engine' | 'recognitionModels'> & Acting,
  ref: GalleryRef,
  settings: GallerySettings,
): Promise<Gallery> {
  checkGalleryId(ref.galleryId);
  checkName(settings.name);
  checkUserData(settings.userData);
  checkTargetFpir(settings.targetFpir);
  packFor(deps, settings.recognitionModel);
  const { tenantId, kind, galleryId } = ref;
  return audited(deps, { action: 'gallery-create', gallery: auditedGallery(ref) }, () =>
    deps.store.createGallery(
      { tenantId, kind, galleryId, ...settings, createdMs: deps.clock.nowMs() },
      kind === 'face' ? MAX_FACE_GALLERIES : undefined,
    ),
  );
}

export async function getGallery(deps: Pick<Deps, 'store'>, ref: GalleryRef): Promise<Gallery> {
  return deps.store.getGallery(ref);
}

export async function listGalleries(
  deps: Pick<Deps, 'store'>,
  scope: { readonly tenantId: string; readonly kind: GalleryKind },
  page: Page,
): Promise<readonly Gallery[]> {
  return deps.store.listGalleries(scope.tenantId, scope.kind, page);
}

export interface NamePatch {
  readonly name?: string;
  readonly userData?: string;
}

/** What a name patch must hold to, for galleries and persons alike. */
export function checkNamePatch(patch: NamePatch): void {
  if (patch.name === undefined && patch.userData === undefined) {
    throw invalidArgument('name', 'missing', 'A name or user data is needed: there is nothing to change.');
  }
  if (patch.name !== undefined) checkName(patch.name);
  checkUserData(patch.userData);
}

function checkTargetFpir(targetFpir: number | undefined): void {
  if (targetFpir === undefined || (targetFpir > 0 && targetFpir < 1)) return;
  throw invalidArgument(
    'targetFpir',
    'out-of-range',
    'The wanted error rate lies between 0 and 1: 0.01 is one stranger in a hundred.',
  );
}

export async function updateGallery(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  ref: GalleryRef,
  patch: GalleryPatch,
): Promise<void> {
  checkTargetFpir(patch.targetFpir);
  const changesSettings = patch.targetFpir !== undefined || patch.keepPhotos !== undefined;
  if (!changesSettings || patch.name !== undefined || patch.userData !== undefined) checkNamePatch(patch);
  await audited(deps, { action: 'gallery-change', gallery: auditedGallery(ref) }, async () => {
    await deps.store.updateGallery(ref, patch, deps.clock.nowMs());
    if (patch.keepPhotos === false) await sweepPhotos(deps);
  });
}

/** With all its persons and enrolments. */
export async function deleteGallery(deps: Pick<Deps, 'store' | 'follower'> & Acting, ref: GalleryRef): Promise<void> {
  await audited(deps, { action: 'erase-gallery', gallery: auditedGallery(ref) }, async () => {
    await deps.store.deleteGallery(ref);
    await deps.follower.catchUp();
  });
}
