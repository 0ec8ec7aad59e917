import { KithError } from '../../core/errors.ts';
import type { PersonsByName, PersonWithEnrolments } from '../../core/storage/persons.ts';
import type { ConsentPolicy, GalleryRef } from '../../core/types.ts';

export interface PersonNo {
  readonly galleryNo: number;
  readonly personNo: number;
  readonly consentPolicy: ConsentPolicy;
  /** Their enrolments count for nothing until they consent again. */
  readonly isSuspended: boolean;
}

export interface PersonRow {
  readonly personNo: number;
  readonly personId: string;
  readonly name: string;
  readonly userData: string | null;
  readonly createdMs: number;
}

export interface PersonWithEnrolmentsRow extends PersonRow {
  /** JSON array. */
  readonly enrolmentIds: string;
}

/** Bound to the statements that list people, all but the place. */
export interface PersonsFrom {
  readonly galleryNo: number;
  /** Empty for everybody. */
  readonly pattern: string;
  readonly personNo: number;
  readonly limit: number;
  readonly skip: number;
}

export function personsFrom(
  galleryNo: number,
  { containing = '', limit, skip = 0 }: PersonsByName,
): Omit<PersonsFrom, 'personNo'> {
  return { galleryNo, pattern: patternOf(containing), limit, skip };
}

export function patternOf(containing: string): string {
  return containing === '' ? '' : `%${containing.replace(/[\\%_]/g, '\\$&')}%`;
}

export function missing(ref: GalleryRef, personId: string): never {
  throw new KithError({ kind: 'not-found', resource: 'person', id: personId, galleryKind: ref.kind });
}

export function toPerson(row: PersonWithEnrolmentsRow): PersonWithEnrolments {
  return {
    personId: row.personId,
    personNo: row.personNo,
    name: row.name,
    ...(row.userData !== null && { userData: row.userData }),
    createdMs: row.createdMs,
    enrolmentIds: JSON.parse(row.enrolmentIds) as string[],
  };
}

export function tooManyPersons(maxPersons: number): KithError {
  return new KithError({
    kind: 'limit-exceeded',
    limit: 'persons',
    max: maxPersons,
    message: `The gallery holds at most ${maxPersons} persons.`,
  });
}
