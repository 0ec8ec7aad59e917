import type { GalleryKind } from '../../core/types.ts';

/** The kinds of gallery that Azure addresses by an id in the path. */
export type ContainerKind = Exclude<GalleryKind, 'directory'>;

/** How Azure names one kind of gallery. */
export interface ContainerWords {
  readonly kind: ContainerKind;
  /** Segment of the path. */
  readonly path: string;
  /** The id's name in paths and bodies. */
  readonly idName: string;
  /** Start of its error codes. */
  readonly code: string;
  /** Its name in messages. */
  readonly label: string;
}

export const PERSON_GROUP = {
  kind: 'person',
  path: 'persongroups',
  idName: 'personGroupId',
  code: 'PersonGroup',
  label: 'Person group',
} as const satisfies ContainerWords;

export const LARGE_PERSON_GROUP = {
  kind: 'large-person',
  path: 'largepersongroups',
  idName: 'largePersonGroupId',
  code: 'LargePersonGroup',
  label: 'Large person group',
} as const satisfies ContainerWords;

export const FACE_LIST = {
  kind: 'face',
  path: 'facelists',
  idName: 'faceListId',
  code: 'FaceList',
  label: 'Face list',
} as const satisfies ContainerWords;

export const LARGE_FACE_LIST = {
  kind: 'large-face',
  path: 'largefacelists',
  idName: 'largeFaceListId',
  code: 'LargeFaceList',
  label: 'Large face list',
} as const satisfies ContainerWords;

export const CONTAINERS = {
  person: PERSON_GROUP,
  'large-person': LARGE_PERSON_GROUP,
  face: FACE_LIST,
  'large-face': LARGE_FACE_LIST,
} as const satisfies Record<ContainerKind, ContainerWords>;

/** The container whose id goes by this name. */
export function containerByIdName(idName: string): ContainerWords | undefined {
  return Object.values(CONTAINERS).find((words) => words.idName === idName);
}
