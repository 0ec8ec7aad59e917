// A tenant's directory of persons. A gallery is bound to one recognition model, and a directory's person may have faces
// of several: so the directory is one gallery that holds the persons and their names, and one a model that holds their
// faces, each under the same person's id. All have the kind `directory`.
import { KithError } from './errors.ts';
import { DEFAULT_RECOGNITION_MODEL } from './limits.ts';
import type { Deps } from './ports.ts';
import type { GalleryRef } from './types.ts';

/** The gallery of a directory's persons; it holds no faces. */
export function directoryOf(tenantId: string): GalleryRef {
  return { tenantId, kind: 'directory', galleryId: 'persons' };
}

/** The gallery of the faces of a directory's persons that were read with one recognition model. */
export function directoryFacesOf(tenantId: string, recognitionModel: string): GalleryRef {
  return { tenantId, kind: 'directory', galleryId: recognitionModel };
}

/** A directory is there for whoever asks: its galleries are made when they are first needed. */
export async function openDirectory(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  tenantId: string,
): Promise<GalleryRef> {
  const directory = directoryOf(tenantId);
  await ensureGallery(deps, directory, DEFAULT_RECOGNITION_MODEL);
  return directory;
}

export async function openDirectoryFaces(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  tenantId: string,
  recognitionModel: string,
): Promise<GalleryRef> {
  const faces = directoryFacesOf(tenantId, recognitionModel);
  await ensureGallery(deps, faces, recognitionModel);
  return faces;
}

async function ensureGallery(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  ref: GalleryRef,
  recognitionModel: string,
): Promise<void> {
  if (await deps.store.findGallery(ref)) return;
  const transformKey = deps.vault.newTransformKey(ref.tenantId);
  const gallery = { ...ref, name: ref.galleryId, recognitionModel, transformKey, createdMs: deps.clock.nowMs() };
  await unlessAlreadyThere(deps.store.createGallery(gallery));
}

/** Two callers may make the same thing at once: both then have it. */
export async function unlessAlreadyThere(creating: Promise<unknown>): Promise<void> {
  try {
    await creating;
  } catch (error) {
    if (!(error instanceof KithError) || error.problem.kind !== 'already-exists') throw error;
  }
}

/** Somebody who has no faces of a model is in no gallery of it. */
export async function unlessGone<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof KithError && error.problem.kind === 'not-found') return undefined;
    throw error;
  }
}
