import type { ErasedCounts } from '../erasure-types.ts';
import type { Box, Enrolment, GalleryRef, Quality } from '../types.ts';

export interface NewEnrolment {
  readonly enrolmentId: string;
  readonly userData?: string;
  readonly box: Box;
  readonly quality: Quality;
  readonly sourceHash?: string;
  readonly packId: string;
  /** Of the gallery, as it was read before the template was turned with it: conflict when it is another by now. */
  readonly transformKey?: Uint8Array;
  /** Sealed under the person's key. */
  readonly sealedTemplate: Uint8Array;
  /** Sealed under the person's key; only where the gallery keeps photos. */
  readonly sealedPhoto?: Uint8Array;
  readonly createdMs: number;
}

/** A kept picture with the key it is sealed under. */
export interface SealedPhoto {
  readonly wrappedKey: Uint8Array;
  readonly sealedPhoto: Uint8Array;
}

/** A stored template on its way into the index. */
export interface SealedEnrolment {
  readonly tenantId: string;
  readonly galleryNo: number;
  readonly personNo: number;
  readonly enrolmentNo: number;
  readonly packId: string;
  readonly wrappedKey: Uint8Array;
  readonly sealedTemplate: Uint8Array;
}

export interface EnrolmentStore {
  /** limit-exceeded when the person already has `maxEnrolments`. */
  addEnrolment(ref: GalleryRef, personId: string, enrolment: NewEnrolment, maxEnrolments: number): Promise<Enrolment>;
  getEnrolment(ref: GalleryRef, personId: string, enrolmentId: string): Promise<Enrolment>;
  listEnrolments(ref: GalleryRef, personId: string): Promise<readonly Enrolment[]>;
  findEnrolmentBySource(ref: GalleryRef, personId: string, sourceHash: string): Promise<Enrolment | undefined>;
  updateEnrolment(
    ref: GalleryRef,
    personId: string,
    enrolmentId: string,
    patch: { readonly userData: string },
    nowMs: number,
  ): Promise<void>;
  deleteEnrolment(ref: GalleryRef, personId: string, enrolmentId: string): Promise<ErasedCounts>;
  /** The kept picture of an enrolled face; undefined where none is kept. Throws not-found for an unknown enrolment. */
  findEnrolmentPhoto(ref: GalleryRef, personId: string, enrolmentId: string): Promise<SealedPhoto | undefined>;
  /** Removes at most `limit` pictures of galleries that keep none any more; answers how many. */
  sweepEnrolmentPhotos(limit: number): Promise<number>;
  /** Sealed templates of one person, for 1:1 comparison; of a suspended one only for who seals them anew. */
  sealedEnrolmentsOf(
    ref: GalleryRef,
    personId: string,
    options?: { readonly evenSuspended: boolean },
  ): Promise<readonly SealedEnrolment[]>;
  /** One enrolment each of at most `count` persons, drawn at random (all of them in a small gallery). */
  sampleEnrolments(ref: GalleryRef, count: number): Promise<readonly SealedEnrolment[]>;
  /**
   * Enrolments with a number above `afterEnrolmentNo`, rising, at most `limit`: fills an index, so those of suspended
   * persons are left out, here and below.
   */
  scanEnrolments(afterEnrolmentNo: number, limit: number): Promise<readonly SealedEnrolment[]>;
  getSealedEnrolments(enrolmentNos: readonly number[]): Promise<readonly SealedEnrolment[]>;
}
