import { audited, auditedGallery } from '../audited.ts';
import { checkGalleryId, checkName, checkUserData, invalidArgument, packFor } from '../checks.ts';
import { eraseWithReceipt, type ReceiptDeps } from '../erase-with-receipt.ts';
import type { SignedReceipt } from '../erasure-types.ts';
import { isWithinBounds } from '../key-bounds.ts';
import { MAX_FACE_GALLERIES, MAX_RETENTION_DAYS, MAX_TERMS_LENGTH } from '../limits.ts';
import type { Acting, Deps, KnownModels } from '../ports.ts';
import type { GalleryPatch } from '../storage/galleries.ts';
import type { Page } from '../storage/page.ts';
import type { Gallery, GalleryKind, GalleryRef, GalleryTerms, KeyBounds } from '../types.ts';
import { sweepPhotos } from './enrolment-photos.ts';

export interface GallerySettings extends Partial<GalleryTerms> {
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
  deps: Pick<Deps, 'store' | 'vault' | 'clock'> & KnownModels & Acting,
  ref: GalleryRef,
  settings: GallerySettings,
): Promise<Gallery> {
  checkGalleryId(ref.galleryId);
  checkName(settings.name);
  checkUserData(settings.userData);
  checkTargetFpir(settings.targetFpir);
  checkTerms(ref, settings);
  packFor(deps, settings.recognitionModel);
  const { tenantId, kind, galleryId } = ref;
  const consentPolicy = settings.consentPolicy ?? 'attested';
  return audited(deps, { action: 'gallery-create', gallery: auditedGallery(ref), consentPolicy }, () =>
    deps.store.createGallery(
      {
        ...{ tenantId, kind, galleryId, ...settings },
        transformKey: deps.vault.newTransformKey(tenantId),
        createdMs: deps.clock.nowMs(),
      },
      kind === 'face' ? MAX_FACE_GALLERIES : undefined,
    ),
  );
}

export async function getGallery(deps: Pick<Deps, 'store'>, ref: GalleryRef): Promise<Gallery> {
  return deps.store.getGallery(ref);
}

export async function listGalleries(
  deps: Pick<Deps, 'store'>,
  scope: { readonly tenantId: string; readonly kind: GalleryKind; readonly bounds?: KeyBounds | undefined },
  page: Page,
): Promise<readonly Gallery[]> {
  const { tenantId, kind, bounds } = scope;
  if (!bounds) return deps.store.listGalleries(tenantId, kind, page);
  const within: Gallery[] = [];
  for (let { after } = page; ; ) {
    const found = await deps.store.listGalleries(tenantId, kind, { limit: page.limit, ...(after ? { after } : {}) });
    within.push(...found.filter((gallery) => isWithinBounds(bounds, gallery)));
    after = found.at(-1)?.galleryId;
    if (found.length < page.limit || within.length >= page.limit) return within.slice(0, page.limit);
  }
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

function checkTerms(ref: GalleryRef, terms: Partial<GalleryTerms>): void {
  for (const member of ['purpose', 'lawfulBasis'] as const) {
    if ((terms[member]?.length ?? 0) <= MAX_TERMS_LENGTH) continue;
    throw invalidArgument(member, 'too-long', `It has at most ${MAX_TERMS_LENGTH} characters.`);
  }
  const { retentionDays, consentPolicy } = terms;
  const isWhole = retentionDays === undefined || Number.isInteger(retentionDays);
  if (!isWhole || (retentionDays ?? 1) < 1 || (retentionDays ?? 1) > MAX_RETENTION_DAYS) {
    throw invalidArgument(
      'retentionDays',
      'out-of-range',
      `It is a whole number of days from 1 to ${MAX_RETENTION_DAYS}.`,
    );
  }
  if (consentPolicy === 'required' && ref.kind !== 'large-person' && ref.kind !== 'person') {
    throw invalidArgument(
      'consentPolicy',
      'out-of-range',
      'Faces in a gallery without persons have nobody to consent.',
    );
  }
  if (terms.twoPersonRule && ref.kind !== 'large-person') {
    throw invalidArgument(
      'twoPersonRule',
      'out-of-range',
      'Answers of this kind of gallery go to programs that know no second person.',
    );
  }
}

export async function updateGallery(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  ref: GalleryRef,
  patch: GalleryPatch,
): Promise<void> {
  checkTargetFpir(patch.targetFpir);
  checkTerms(ref, patch);
  const { name, userData, ...settings } = patch;
  const changesSettings = Object.values(settings).some((setting) => setting !== undefined);
  if (!changesSettings || name !== undefined || userData !== undefined) checkNamePatch(patch);
  const attestation = patch.consentPolicy === undefined ? {} : { consentPolicy: patch.consentPolicy };
  await audited(deps, { action: 'gallery-change', gallery: auditedGallery(ref), ...attestation }, async () => {
    await deps.store.updateGallery(ref, patch, deps.clock.nowMs());
    if (patch.keepPhotos === false) await sweepPhotos(deps);
  });
}

/** With all its persons and enrolments, and the snapshots taken of it unless they are what it is to be made anew from. */
export function deleteGallery(
  deps: ReceiptDeps,
  gallery: GalleryRef,
  options: { readonly withSnapshots: boolean },
): Promise<SignedReceipt> {
  return eraseWithReceipt(deps, { gallery }, () => deps.store.deleteGallery(gallery, options));
}
