import { hash } from 'node:crypto';

/** What a mark stands for; with a person go the marks of all their faces, which may have been another's in a backup. */
export type ErasureKind = 'gallery' | 'person' | 'enrolment' | 'consent' | 'snapshot' | 'key';

/** `galleryUid` is random and a gallery's own, unlike its id and its number, which come again after a restore. */
export function erasureMark(kind: ErasureKind, galleryUid: string, ...ids: readonly (string | number)[]): string {
  return hash('sha256', [kind, galleryUid, ...ids].join(':'), 'hex');
}
