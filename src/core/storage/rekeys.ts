import type { GalleryRef } from '../types.ts';
import type { StagedTemplate } from './model-upgrades.ts';

export interface TemplateToRekey {
  readonly enrolmentNo: number;
  readonly wrappedKey: Uint8Array;
  readonly sealedTemplate: Uint8Array;
}

/** Templates turned with a new key lie beside the ones that are searched, until a gallery has them all. */
export interface RekeyStore {
  /** The key that the gallery will have: that of a rekey which was cut off, else the one given. */
  beginRekey(ref: GalleryRef, newTransformKey: Uint8Array): Promise<Uint8Array>;
  /** Those that aren't staged, of suspended persons too, in rising numbers, at most `limit`. */
  templatesToRekey(
    ref: GalleryRef,
    page: { readonly afterEnrolmentNo: number; readonly limit: number },
  ): Promise<readonly TemplateToRekey[]>;
  /** conflict when the gallery has another key than this by now. */
  stageRekeyed(
    ref: GalleryRef,
    turnedFrom: Uint8Array | undefined,
    templates: readonly StagedTemplate[],
  ): Promise<void>;
  /**
   * The staged templates become those that are searched, and the new key the gallery's: all at once; no copy of the old
   * key is left but in snapshots. conflict when a template is left that isn't staged.
   */
  finishRekey(ref: GalleryRef, nowMs: number): Promise<{ readonly templates: number }>;
}
