// Faces of a directory's persons, under one recognition model each.
import { directoryFacesOf, openDirectory, openDirectoryFaces, unlessAlreadyThere, unlessGone } from '../directory.ts';
import { KithError } from '../errors.ts';
import type { FaceTarget } from '../face-choice.ts';
import { MAX_PERSONS_DIRECTORY } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { Enrolment } from '../types.ts';
import { enrolFace } from './enrol-face.ts';
import { deleteEnrolment, updateEnrolment } from './manage-enrolments.ts';

export interface DirectoryPersonModel {
  readonly tenantId: string;
  readonly personId: string;
  readonly recognitionModel: string;
}

export interface DirectoryFaceAddress extends DirectoryPersonModel {
  readonly enrolmentId: string;
}

/** Once it resolves, every later search finds the face. */
export async function enrolDirectoryFace(
  deps: Pick<
    Deps,
    'store' | 'vault' | 'engine' | 'follower' | 'erasureLedger' | 'clock' | 'newId' | 'recognitionModels'
  > &
    Acting,
  person: DirectoryPersonModel,
  photo: {
    readonly image: Uint8Array;
    readonly target: FaceTarget;
    readonly userData: string | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<Enrolment> {
  const { tenantId, personId, recognitionModel } = person;
  const directory = await openDirectory(deps, tenantId);
  await deps.store.getPerson(directory, personId);
  const faces = await openDirectoryFaces(deps, tenantId, recognitionModel);
  await unlessAlreadyThere(
    deps.store.createPerson(
      faces,
      { personId, name: '', wrappedKey: deps.vault.newPersonKey(tenantId), createdMs: deps.clock.nowMs() },
      MAX_PERSONS_DIRECTORY,
    ),
  );
  const enrolment = await enrolFace(deps, { gallery: faces, personId, ...photo, sourceHash: undefined });
  // Whoever was deleted meanwhile must not come back by this face.
  if (!(await unlessGone(deps.store.getPerson(directory, personId)))) {
    await unlessGone(deps.store.deletePerson(faces, personId));
    await settleErasure(deps);
    throw new KithError({ kind: 'not-found', resource: 'person', id: personId });
  }
  return enrolment;
}

/** Ids in the order of enrolment. */
export async function listDirectoryFaces(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  { tenantId, personId, recognitionModel }: DirectoryPersonModel,
): Promise<readonly string[]> {
  await deps.store.getPerson(await openDirectory(deps, tenantId), personId);
  const person = await unlessGone(deps.store.getPerson(directoryFacesOf(tenantId, recognitionModel), personId));
  return person?.enrolmentIds ?? [];
}

export async function getDirectoryFace(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  address: DirectoryFaceAddress,
): Promise<Enrolment> {
  const { tenantId, personId, recognitionModel, enrolmentId } = address;
  await deps.store.getPerson(await openDirectory(deps, tenantId), personId);
  const faces = directoryFacesOf(tenantId, recognitionModel);
  const enrolment = await unlessGone(deps.store.getEnrolment(faces, personId, enrolmentId));
  if (!enrolment) throw new KithError({ kind: 'not-found', resource: 'enrolment', id: enrolmentId });
  return enrolment;
}

export async function updateDirectoryFace(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'> & Acting,
  address: DirectoryFaceAddress,
  userData: string | undefined,
): Promise<void> {
  await getDirectoryFace(deps, address);
  if (userData === undefined) return;
  const { tenantId, recognitionModel, ...face } = address;
  await updateEnrolment(deps, { gallery: directoryFacesOf(tenantId, recognitionModel), ...face }, userData);
}

export async function deleteDirectoryFace(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'follower' | 'erasureLedger'> & Acting,
  address: DirectoryFaceAddress,
): Promise<void> {
  await getDirectoryFace(deps, address);
  const { tenantId, recognitionModel, ...face } = address;
  await deleteEnrolment(deps, { gallery: directoryFacesOf(tenantId, recognitionModel), ...face });
}
