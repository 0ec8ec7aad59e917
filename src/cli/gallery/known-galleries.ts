// Galleries as commands see them, whether they lie in the data directory or behind a service.

import type { SignedReceipt } from '../../core/erasure-types.ts';
import type { GalleryKind, GalleryTerms } from '../../core/types.ts';
import type { CommandContext } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';

export interface GallerySettings extends Partial<GalleryTerms> {
  readonly name?: string;
  readonly targetFpir?: number;
  readonly keepPhotos?: boolean;
}

export interface KnownGallery {
  readonly galleryId: string;
  readonly kind: GalleryKind;
  readonly name: string;
  readonly people: number;
  readonly faces: number;
  readonly recognitionModel: string;
  readonly keepPhotos: boolean;
  readonly retentionDays: number;
  readonly createdMs: number;
}

export interface OverduePerson {
  readonly personId: string;
  readonly name: string;
  readonly lastUsedMs: number;
}

export interface KnownGalleries {
  every(): AsyncIterable<KnownGallery>;
  get(galleryId: string): Promise<KnownGallery>;
  update(galleryId: string, patch: GallerySettings): Promise<void>;
  erase(galleryId: string): Promise<SignedReceipt>;
  /** Longest unused first. */
  overdue(galleryId: string): AsyncIterable<OverduePerson>;
  /** Person ids, as they are erased. */
  eraseOverdue(galleryId: string): AsyncIterable<string>;
}

/** Wherever the command was told to work; what belongs to the other way is not even loaded. */
export async function withGalleries(
  context: CommandContext,
  work: (galleries: KnownGalleries) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { service } = context;
  if (!service) return (await import('./local-galleries.ts')).withLocalGalleries(context, work);
  const { openRemoteGalleries } = await import('./remote-galleries.ts');
  return work(openRemoteGalleries(service));
}
