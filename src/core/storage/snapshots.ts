import type { GalleryRef, Snapshot } from '../types.ts';
import type { Page } from './page.ts';

export interface NewSnapshot {
  readonly snapshotId: string;
  readonly applyScope: readonly string[];
  readonly userData?: string;
  readonly createdMs: number;
}

export interface SnapshotStore {
  /** Keeps the gallery's settings; its persons are copied after. Invisible until it is finished. */
  beginSnapshot(of: GalleryRef, snapshot: NewSnapshot): Promise<void>;
  /**
   * Copies some of the gallery's persons with their enrolments, as they are sealed. Answers the id to go on after,
   * undefined when all are there. Who is erased from the gallery later is erased from its snapshots too.
   */
  copyToSnapshot(of: GalleryRef, snapshotId: string, page: Page): Promise<string | undefined>;
  finishSnapshot(tenantId: string, snapshotId: string): Promise<void>;
  getSnapshot(tenantId: string, snapshotId: string): Promise<Snapshot>;
  /** Finished ones, by id. */
  listSnapshots(tenantId: string): Promise<readonly Snapshot[]>;
  /** Ids of the snapshots that hold a copy of the person. */
  listSnapshotsOfPerson(of: GalleryRef, personId: string): Promise<readonly string[]>;
  updateSnapshot(
    tenantId: string,
    snapshotId: string,
    patch: { readonly applyScope?: readonly string[]; readonly userData?: string },
    nowMs: number,
  ): Promise<void>;
  deleteSnapshot(tenantId: string, snapshotId: string): Promise<void>;
  /** Removes what was begun before; answers how many. */
  sweepSnapshots(beforeMs: number): Promise<number>;
  /** A new, untrained gallery with the snapshot's settings and none of its persons yet. */
  createGalleryFromSnapshot(snapshotId: string, ref: GalleryRef, nowMs: number): Promise<void>;
  /** Answers the id to go on after, undefined when all are there; the gallery is then as trained as the other was. */
  copyFromSnapshot(snapshotId: string, to: GalleryRef, page: Page): Promise<string | undefined>;
}
