import { KithError } from '../../core/errors.ts';

const RETRY_S = 5;
/** Of Node's system errors, those that pass by themselves or once somebody makes room. */
const OUTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'has too many files open',
  ENFILE: 'has too many files open',
  ENOMEM: 'is out of memory',
  ENOSPC: 'has no disk space left',
  EDQUOT: 'has no disk space left',
};

/** What the machine lacks for now, to be asked again later; undefined for every other error. */
export function outageOf(error: unknown): KithError | undefined {
  const words = error instanceof Error && 'code' in error ? OUTAGES[String(error.code)] : undefined;
  if (words === undefined) return undefined;
  return new KithError(
    { kind: 'unavailable', part: 'machine', retryAfterS: RETRY_S, message: `The machine ${words}.` },
    { cause: error },
  );
}
