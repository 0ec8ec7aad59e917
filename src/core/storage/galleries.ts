import type { ErasedCounts } from '../erasure-types.ts';
import type { Gallery, GalleryKind, GalleryRef, GalleryTail, GalleryTerms, Training } from '../types.ts';
import type { Page } from './page.ts';

export interface NewGallery extends GalleryRef, Partial<GalleryTerms> {
  readonly name: string;
  readonly userData?: string;
  readonly recognitionModel: string;
  readonly targetFpir?: number;
  readonly keepPhotos?: boolean;
  readonly transformKey?: Uint8Array;
  readonly createdMs: number;
}

export interface GalleryPatch extends Partial<GalleryTerms> {
  readonly name?: string;
  readonly userData?: string;
  readonly targetFpir?: number;
  readonly keepPhotos?: boolean;
}

export interface GalleryStore {
  /** limit-exceeded when the tenant already has `maxGalleries` of this kind; without it they are not counted. */
  createGallery(gallery: NewGallery, maxGalleries?: number): Promise<Gallery>;
  findGallery(ref: GalleryRef): Promise<Gallery | undefined>;
  getGallery(ref: GalleryRef): Promise<Gallery>;
  listGalleries(tenantId: string, kind: GalleryKind, page: Page): Promise<readonly Gallery[]>;
  /** An omitted member stays as it is. conflict when consent is to be required and somebody enrolled gave none. */
  updateGallery(ref: GalleryRef, patch: GalleryPatch, nowMs: number): Promise<void>;
  setTraining(ref: GalleryRef, training: Training): Promise<void>;
  setTail(ref: GalleryRef, tail: GalleryTail): Promise<void>;
  /** With its persons, enrolments and their keys; with the snapshots taken of it when it is to be erased for good. */
  deleteGallery(ref: GalleryRef, options?: { readonly withSnapshots: boolean }): Promise<ErasedCounts>;
  /** Those that have galleries. */
  listTenantIds(): Promise<readonly string[]>;
  /** Enrolments of suspended persons don't count. */
  countGallery(ref: GalleryRef): Promise<{ readonly persons: number; readonly enrolments: number }>;
}
