// Which photo is of whom: a folder a person, a file-name pattern, or a spreadsheet.
import type { ImportedConsent } from '../../core/consent-to-import.ts';
import type { RefusalReason } from '../refusals.ts';

export interface PlannedPhoto {
  /** In composed form (Unicode NFC), so that one name is one person whatever system wrote the folder. */
  readonly personName: string;
  readonly path: string;
  /** How the file is named to the user: its path within the folder, as given. */
  readonly file: string;
  /** What the person consented to, where the list says so. */
  readonly consent?: ImportedConsent;
}

/** Meant as a photo, but can't be one. */
export interface PlanRefusal {
  readonly file: string;
  readonly personName: string | undefined;
  readonly reason: RefusalReason;
  readonly message: string;
}

/** Left aside on purpose, and why. */
export type AsideReason =
  | 'no-photo'
  | 'no-person'
  | 'pattern-mismatch'
  | 'outside-link'
  | 'folder-link'
  | 'empty-folder'
  | 'no-file';

export interface PlanAside {
  readonly file: string;
  readonly reason: AsideReason;
}

export interface PhotoPlan {
  /** By person, then by file. */
  readonly photos: readonly PlannedPhoto[];
  readonly refused: readonly PlanRefusal[];
  readonly aside: readonly PlanAside[];
}

export const ASIDE_IN_WORDS: Readonly<Record<AsideReason, string>> = {
  'no-photo': 'no photos by their names',
  'no-person': 'in no person’s folder: put each person’s photos into a folder named after them',
  'pattern-mismatch': 'do not fit the pattern',
  'outside-link': 'links that lead out of the folder',
  'folder-link': 'links to folders',
  'empty-folder': 'folders without a photo',
  'no-file': 'neither files nor folders',
};
