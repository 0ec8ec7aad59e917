// What every way of searching refuses before it begins.
import { KithError } from '../core/errors.ts';
import type { IndexRow, SearchQuery } from '../core/ports.ts';
import { MAX_DIMS, paddedDims } from './layout.ts';

const MAX_NUMBER = 2 ** 32 - 1;
/** More persons than that would make keeping them in order the larger part of a search. */
const MAX_PERSONS = 10_000;

/** Throws when no gallery can have templates of this length. */
export function checkLength(vectorLength: number): void {
  if (vectorLength >= 1 && paddedDims(vectorLength) <= MAX_DIMS) return;
  throw new KithError({
    kind: 'invalid-argument',
    argument: 'vector',
    reason: 'out-of-range',
    message: `Templates have 1 to ${MAX_DIMS} dimensions, not ${vectorLength}.`,
  });
}

/** Throws when the row can't be kept in a gallery with templates of this length. */
export function checkRow(row: IndexRow, vectorLength: number): void {
  checkVector(row.vector, vectorLength);
  for (const number of [row.personNo, row.enrolmentNo]) {
    if (Number.isInteger(number) && number >= 0 && number <= MAX_NUMBER) continue;
    throw new KithError({
      kind: 'invalid-argument',
      argument: 'row',
      reason: 'out-of-range',
      message: `Row numbers are whole and at most ${MAX_NUMBER}; ${number} is not.`,
    });
  }
}

/** Throws when a gallery with templates of this length can't be asked that. */
export function checkQuery({ vector, maxPersons, minScore }: SearchQuery, vectorLength: number): void {
  checkVector(vector, vectorLength);
  const wrong = !(maxPersons >= 0 && maxPersons <= MAX_PERSONS)
    ? 'maxPersons'
    : Number.isNaN(minScore)
      ? 'minScore'
      : undefined;
  if (wrong === undefined) return;
  const message = `A search asks for 0 to ${MAX_PERSONS} persons and for a score, not for ${maxPersons} and ${minScore}.`;
  throw new KithError({ kind: 'invalid-argument', argument: wrong, reason: 'out-of-range', message });
}

function checkVector(vector: Float32Array, length: number): void {
  if (vector.length !== length) {
    throw new KithError({
      kind: 'model-mismatch',
      message: `A template of length ${vector.length} can't be compared with this gallery's templates of length ${length}.`,
    });
  }
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    const member = vector[i] as number;
    squares += member * member;
  }
  if (Number.isFinite(squares) && squares > 0) return;
  throw new KithError({
    kind: 'invalid-argument',
    argument: 'vector',
    reason: 'malformed',
    message: 'A template has finite members, not all zero.',
  });
}
