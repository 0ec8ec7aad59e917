import type { GalleryRef, Roster, RosterRef } from '../types.ts';
import type { Page } from './page.ts';

export interface NewRoster {
  readonly name: string;
  readonly userData?: string;
  readonly createdMs: number;
}

/** An omitted member stays as it is. */
export interface RosterPatch {
  readonly name?: string;
  readonly userData?: string;
  readonly addPersonIds?: readonly string[];
  readonly removePersonIds?: readonly string[];
}

export interface RosterStore {
  /** Not-found names the first of `personIds` that is not in the gallery; then nothing is stored. */
  createRoster(ref: RosterRef, roster: NewRoster, personIds: readonly string[]): Promise<Roster>;
  getRoster(ref: RosterRef): Promise<Roster>;
  listRosters(gallery: GalleryRef, page: Page): Promise<readonly Roster[]>;
  /** Adds before it removes. Adding who is there already, and removing who is not, changes nothing. */
  updateRoster(ref: RosterRef, patch: RosterPatch, nowMs: number): Promise<void>;
  deleteRoster(ref: RosterRef): Promise<void>;
  /** Ids of the persons on a roster. */
  listRosterPersons(ref: RosterRef, page: Page): Promise<readonly string[]>;
  /** Ids of the rosters a person is on. */
  listRostersOfPerson(gallery: GalleryRef, personId: string, page: Page): Promise<readonly string[]>;
  /** Numbers, in the gallery `inGallery`, of the persons there who go by the ids of those on the roster. */
  rosterPersonNos(ref: RosterRef, inGallery: GalleryRef): Promise<Uint32Array>;
  /** Numbers of those of the persons who are in the gallery. */
  personNosOf(gallery: GalleryRef, personIds: readonly string[]): Promise<Uint32Array>;
}
