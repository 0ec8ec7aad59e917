// Galleries of the face kinds. Each enrolment stands for itself there: it is kept as a person without a name and with
// one enrolment, both under the same id, so that a search ranks faces as it ranks persons elsewhere.

import { audited, auditedGallery } from '../audited.ts';
import { checkFaceUserData, packFor } from '../checks.ts';
import type { FaceTarget } from '../face-choice.ts';
import { MAX_FACES_FACE_GALLERY, MAX_FACES_LARGE_FACE_GALLERY } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { againIfRekeyed } from '../rekeyed.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { Page } from '../storage/page.ts';
import type { GalleryRef } from '../types.ts';
import { type FaceToEnrol, readFaceToEnrol } from './enrol-face.ts';

export interface LoneFace {
  readonly faceId: string;
  readonly userData?: string;
}

/** Once it resolves, every later search finds the face. */
export async function addLoneFace(
  deps: Pick<Deps, 'store' | 'vault' | 'engine' | 'follower' | 'clock' | 'newId' | 'recognitionModels'> & Acting,
  input: {
    readonly gallery: GalleryRef;
    readonly image: Uint8Array;
    readonly target: FaceTarget;
    readonly userData: string | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<LoneFace> {
  checkFaceUserData(input.userData);
  const { packId } = packFor(deps, (await deps.store.getGallery(input.gallery)).recognitionModel);
  const face = await readFaceToEnrol(deps, { ...input, packId });
  const stored = await againIfRekeyed(() =>
    storeLoneFace(deps, { ref: input.gallery, face, userData: input.userData }),
  );
  await deps.follower.catchUp();
  return stored;
}

async function storeLoneFace(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'> & Acting,
  input: { readonly ref: GalleryRef; readonly face: FaceToEnrol; readonly userData: string | undefined },
): Promise<LoneFace> {
  const gallery = await deps.store.getGallery(input.ref);
  const { box, quality, template } = input.face;
  const { packId } = template;
  const faceId = deps.newId();
  const createdMs = deps.clock.nowMs();
  const wrappedKey = deps.vault.newPersonKey(gallery.tenantId);
  const userData = input.userData === undefined ? {} : { userData: input.userData };
  const { tenantId, transformKey } = gallery;
  const turned = deps.vault.turn(tenantId, transformKey, template.vector);
  const sealedTemplate = deps.vault.sealTemplate(tenantId, wrappedKey, turned);
  const sealed = { sealedTemplate, ...(transformKey ? { transformKey } : {}) };
  const deed = { action: 'enrol', packId, enrolmentIds: [faceId] } as const;
  await audited(deps, { ...deed, gallery: auditedGallery(gallery) }, () =>
    deps.store.importPersons(
      input.ref,
      [
        {
          person: { personId: faceId, name: '', ...userData, wrappedKey, createdMs },
          enrolments: [{ enrolmentId: faceId, box, quality, packId, ...sealed, createdMs }],
        },
      ],
      gallery.kind === 'face' ? MAX_FACES_FACE_GALLERY : MAX_FACES_LARGE_FACE_GALLERY,
    ),
  );
  return { faceId, ...userData };
}

/** By id. */
export async function listLoneFaces(
  deps: Pick<Deps, 'store'>,
  ref: GalleryRef,
  page: Page,
): Promise<readonly LoneFace[]> {
  return (await deps.store.listPersons(ref, page)).map(toLoneFace);
}

export async function getLoneFace(deps: Pick<Deps, 'store'>, ref: GalleryRef, faceId: string): Promise<LoneFace> {
  return toLoneFace(await deps.store.getPerson(ref, faceId));
}

export async function updateLoneFace(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  face: { readonly gallery: GalleryRef; readonly faceId: string },
  userData: string | undefined,
): Promise<void> {
  checkFaceUserData(userData);
  const patch = userData === undefined ? {} : { userData };
  const deed = { action: 'enrolment-change', enrolmentIds: [face.faceId] } as const;
  await audited(deps, { ...deed, gallery: auditedGallery(face.gallery) }, () =>
    deps.store.updatePerson(face.gallery, face.faceId, patch, deps.clock.nowMs()),
  );
}

export async function deleteLoneFace(
  deps: Pick<Deps, 'store' | 'follower' | 'erasureLedger'> & Acting,
  ref: GalleryRef,
  faceId: string,
): Promise<void> {
  await audited(deps, { action: 'erase-enrolment', gallery: auditedGallery(ref), enrolmentIds: [faceId] }, async () => {
    await deps.store.deletePerson(ref, faceId);
    await settleErasure(deps);
  });
}

function toLoneFace({ personId, userData }: { readonly personId: string; readonly userData?: string }): LoneFace {
  return { faceId: personId, ...(userData === undefined ? {} : { userData }) };
}
