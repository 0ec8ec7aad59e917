import { UsageError } from '../usage-error.ts';

/** Segments are escaped: no id or name makes another path of it. */
export function pathTo(...segments: readonly string[]): string {
  if (segments.some((segment) => /^\.{0,2}$/.test(segment))) throw new UsageError('An id is empty, or no id.');
  return `/v1/${segments.map(encodeURIComponent).join('/')}`;
}
