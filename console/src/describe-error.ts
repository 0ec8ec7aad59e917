// What went wrong in words, with what to do about it.
import { ApiError } from './api.ts';
import { texts } from './texts.ts';

export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) return isPartMissing(error) ? texts.errors.part : String(error);
  if (error.code === 'network') return texts.errors.network;
  if (error.status === 401) return texts.errors.unauthenticated;
  // The service says what it lacks, such as room on the disk
  if (error.code === 'unavailable') return `${error.message} ${texts.errors.later}`;
  const known = texts.errors.codes[error.code] ?? texts.add.reasons[error.code];
  if (known !== undefined) return known;
  if (error.status >= 500) return texts.errors.internal;
  return error.message;
}

/** A screen is fetched when it is first looked at: browsers fail that with a TypeError of their own words. */
export function isPartMissing(error: unknown): boolean {
  return (
    error instanceof TypeError && /dynamically imported module|importing a module|preload CSS/i.test(error.message)
  );
}

/** Whether the same once more may end otherwise: what the service refuses for what it is, it refuses again. */
export function mayHelp(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  const { status, code } = error;
  // What a key may not do or see, it may again once somebody widens its rights
  if (code === 'forbidden' || code === 'gallery-not-found') return true;
  return status === 0 || status >= 500 || status === 401 || status === 409 || status === 429;
}

/** What another photo would meet, too: no answer, or a key that may not do it (any more), or a gallery that is gone. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status, code } = error;
  return status === 0 || status >= 500 || status === 401 || code === 'forbidden' || code === 'gallery-not-found';
}
