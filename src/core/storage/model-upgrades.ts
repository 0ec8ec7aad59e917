import type { GalleryRef } from '../types.ts';

/** An enrolment that has no template of the new pack yet. */
export interface EnrolmentToUpgrade {
  readonly enrolmentNo: number;
  readonly enrolmentId: string;
  readonly personId: string;
  readonly wrappedKey: Uint8Array;
  /** Absent where no picture of the face is kept. */
  readonly sealedPhoto?: Uint8Array;
}

export interface StagedTemplate {
  readonly enrolmentNo: number;
  /** The key it was sealed under; a template whose person has another key by now is not kept. */
  readonly wrappedKey: Uint8Array;
  readonly sealedTemplate: Uint8Array;
}

export interface ModelSwitch {
  readonly recognitionModel: string;
  readonly packId: string;
  /** Enrolments without a template of the new pack that are to be erased. */
  readonly dropEnrolmentNos: readonly number[];
  readonly nowMs: number;
}

/** Templates of another pack lie beside the ones that are searched, until a gallery has them all. */
export interface ModelUpgradeStore {
  /** The pack that the gallery's templates are of; undefined while it has none. */
  findBoundPack(ref: GalleryRef): Promise<string | undefined>;
  /** In rising numbers, those after `afterEnrolmentNo`, at most `limit`. */
  enrolmentsToUpgrade(
    ref: GalleryRef,
    packId: string,
    page: { readonly afterEnrolmentNo: number; readonly limit: number },
  ): Promise<readonly EnrolmentToUpgrade[]>;
  /** conflict when they are not turned with the key that the gallery has now. */
  stageTemplates(
    ref: GalleryRef,
    of: { readonly packId: string; readonly transformKey: Uint8Array | undefined },
    templates: readonly StagedTemplate[],
  ): Promise<void>;
  /**
   * The staged templates become those that are searched, and the gallery's model the new one: all at once. Its own tail
   * goes, as it was of the old pack. conflict when an enrolment without a staged template is left that is not to be erased.
   */
  switchModel(ref: GalleryRef, to: ModelSwitch): Promise<{ readonly upgraded: number; readonly dropped: number }>;
}
