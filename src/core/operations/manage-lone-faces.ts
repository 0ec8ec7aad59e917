// Galleries of the face kinds. Each enrolment stands for itself there: it is kept as a person without a name and with
// one enrolment, both under the same id, so that a search ranks faces as it ranks persons elsewhere.

import { audited, auditedGallery } from '../audited.ts';
import { checkFaceUserData, packFor } from '../checks.ts';
import type { FaceTarget } from '../face-choice.ts';
import { MAX_FACES_FACE_GALLERY, MAX_FACES_LARGE_FACE_GALLERY } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { Page } from '../storage/page.ts';
import type { GalleryRef } from '../types.ts';
import { readFaceToEnrol } from './enrol-face.ts';

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
  const gallery = await deps.store.getGallery(input.gallery);
  const { packId } = packFor(deps, gallery.recognitionModel);
  const { box, quality, template } = await readFaceToEnrol(deps, { ...input, packId });

  const faceId = deps.newId();
  const createdMs = deps.clock.nowMs();
  const wrappedKey = deps.vault.newPersonKey(gallery.tenantId);
  const userData = input.userData === undefined ? {} : { userData: input.userData };
  const sealedTemplate = deps.vault.sealTemplate(gallery.tenantId, wrappedKey, template.vector);
  const deed = { action: 'enrol', packId, enrolmentIds: [faceId] } as const;
  await audited(deps, { ...deed, gallery: auditedGallery(gallery) }, () =>
    deps.store.importPersons(
      input.gallery,
      [
        {
          person: { personId: faceId, name: '', ...userData, wrappedKey, createdMs },
          enrolments: [{ enrolmentId: faceId, box, quality, packId, sealedTemplate, createdMs }],
        },
      ],
      gallery.kind === 'face' ? MAX_FACES_FACE_GALLERY : MAX_FACES_LARGE_FACE_GALLERY,
    ),
  );
  await deps.follower.catchUp();
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
