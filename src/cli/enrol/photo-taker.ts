// Where photos go that are enrolled: into the data directory, or to a service.
import type { FaceTarget } from '../../core/face-choice.ts';
import type { PhotoToImport } from '../../core/operations/import-photos.ts';
import type { NewConsent } from '../../core/storage/consents.ts';
import type { Quality, QualityLevel } from '../../core/types.ts';

export type TakenPhoto =
  | {
      readonly outcome: 'enrolled' | 'already-enrolled';
      readonly personId: string;
      readonly faceId: string;
      readonly quality: Quality;
      /** When this photo put the person's consent on record. */
      readonly consentGiven?: NewConsent;
    }
  /** In a dry run: it would have been enrolled. */
  | { readonly outcome: 'usable'; readonly quality: Quality };

export interface TakerOptions {
  readonly galleryId: string;
  readonly isDryRun: boolean;
  readonly target: FaceTarget;
  readonly minQuality: QualityLevel;
  /** For a gallery that is made here. */
  readonly keepPhotos: boolean;
  /** Says that the gallery was made. */
  readonly note: (line: string) => void;
}

/** Pictures that were asked for and will not be there are told of before any photo is read. */
export function sayWhetherKept(
  { galleryId, keepPhotos, note }: TakerOptions,
  gallery: { readonly keepPhotos?: boolean },
) {
  if (!keepPhotos || gallery.keepPhotos) return;
  note(
    `The gallery "${galleryId}" was there and keeps no pictures; kith gallery set ${galleryId} --keep-photos lets it.`,
  );
}

export interface PhotoTaker {
  /** Any number at once; once it resolves, what it says is safe on the disk. */
  take(photo: PhotoToImport): Promise<TakenPhoto>;
  /** Ends the import; true when the gallery has faces to search for. */
  finish(): Promise<boolean>;
}
