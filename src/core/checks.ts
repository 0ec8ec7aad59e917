// What every door must hold to, whatever its wire format says.
import { type ArgumentFault, KithError } from './errors.ts';
import { MAX_FACE_USER_DATA_LENGTH, MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_USER_DATA_LENGTH } from './limits.ts';
import type { KnownModels } from './ports.ts';
import type { ModelPack } from './types.ts';

const GALLERY_ID = /^[a-z0-9_-]+$/;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function invalidArgument(argument: string, reason: ArgumentFault, message: string): KithError {
  return new KithError({ kind: 'invalid-argument', argument, reason, message });
}

export function checkGalleryId(galleryId: string): void {
  if (galleryId.length > MAX_ID_LENGTH) {
    throw invalidArgument('galleryId', 'too-long', `A gallery's id has at most ${MAX_ID_LENGTH} characters.`);
  }
  if (!GALLERY_ID.test(galleryId)) {
    throw invalidArgument('galleryId', 'malformed', "A gallery's id has only a-z, 0-9, - and _.");
  }
}

/** True for the ids Kith makes itself; anything else can't be the id of anything. */
export function isGuid(id: string): boolean {
  return GUID.test(id);
}

export function checkName(name: string): void {
  if (name.length === 0) throw invalidArgument('name', 'empty', 'A name is needed.');
  if (name.length > MAX_NAME_LENGTH) {
    throw invalidArgument('name', 'too-long', `A name has at most ${MAX_NAME_LENGTH} characters.`);
  }
}

export function checkUserData(userData: string | undefined): void {
  checkUserDataLength(userData, MAX_USER_DATA_LENGTH);
}

export function checkFaceUserData(userData: string | undefined): void {
  checkUserDataLength(userData, MAX_FACE_USER_DATA_LENGTH);
}

function checkUserDataLength(userData: string | undefined, maxLength: number): void {
  if (userData !== undefined && userData.length > maxLength) {
    throw invalidArgument('userData', 'too-long', `User data has at most ${maxLength} characters here.`);
  }
}

/** The pack behind a name that a client sends. */
export function packFor(deps: KnownModels, recognitionModel: string): ModelPack {
  const packId = deps.recognitionModels.get(recognitionModel);
  const pack = deps.engine.packs.find((candidate) => candidate.packId === packId);
  if (!pack) {
    const known = [...deps.recognitionModels.keys()].join(', ');
    throw invalidArgument(
      'recognitionModel',
      'unknown',
      `There is no recognition model "${recognitionModel}"; known are ${known}.`,
    );
  }
  return pack;
}
