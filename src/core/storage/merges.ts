import type { GalleryRef } from '../types.ts';

/** A template on its way to another person, opened under the old owner's key and sealed under the new one's. */
export interface ResealedEnrolment {
  readonly enrolmentNo: number;
  readonly sealedTemplate: Uint8Array;
  /** Absent where no picture is kept; one that is kept and not sealed anew is erased. */
  readonly sealedPhoto?: Uint8Array;
}

/** What was read before it was sealed anew. The store refuses the move with `conflict` when it is so no longer. */
export interface SealedUnder {
  readonly fromKey: Uint8Array;
  readonly toKey: Uint8Array;
  /** The gallery's. */
  readonly transformKey?: Uint8Array;
}

export interface MoveEnrolments extends SealedUnder {
  readonly fromPersonId: string;
  readonly toPersonId: string;
  readonly enrolments: readonly ResealedEnrolment[];
  readonly maxEnrolments: number;
}

export interface NewMerge extends MoveEnrolments {
  readonly mergeId: string;
  readonly mergedMs: number;
}

/** Two persons made one, for as long as it can be undone. */
export interface Merge {
  readonly mergeId: string;
  /** Who is left, with the faces of both. */
  readonly intoPersonId: string;
  /** Who is no longer to be found, and comes back when it is undone. */
  readonly fromPersonId: string;
  readonly fromName: string;
  readonly mergedMs: number;
}

/** What is needed to undo it: the faces that came along and are still there. */
export interface MergeToUndo extends Merge, SealedUnder {
  readonly enrolments: readonly { readonly enrolmentNo: number; readonly enrolmentId: string }[];
}

export interface MergeStore {
  /** The faces keep their ids and numbers; who holds them changes. limit-exceeded when the other would have too many. */
  moveEnrolments(ref: GalleryRef, move: MoveEnrolments): Promise<void>;
  /**
   * Moves all of a person's faces, which `enrolments` has to name, and hides the person: no other method finds them
   * from then on. Who erases the one that is left erases the other too. The rosters of both are those of the one left.
   */
  mergePersons(ref: GalleryRef, merge: NewMerge): Promise<void>;
  /** conflict when the person left was merged with another since: that has to be undone first. */
  getMerge(ref: GalleryRef, mergeId: string): Promise<MergeToUndo>;
  /** Those that can be undone; latest first. */
  listMerges(ref: GalleryRef, intoPersonId: string): Promise<readonly Merge[]>;
  /** Moves back the faces named, and shows the person again. */
  undoMerge(ref: GalleryRef, mergeId: string, undo: SealedUnder & Pick<MoveEnrolments, 'enrolments'>): Promise<void>;
  /** Erases what is kept for undoing merges made before; answers how many. */
  sweepMerges(beforeMs: number): Promise<number>;
}
