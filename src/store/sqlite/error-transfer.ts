import { KithError, type Problem } from '../../core/errors.ts';

/** An error on its way between threads, which lose an error's class and own members. */
export type PackedError =
  | { readonly problem: Problem }
  | { readonly message: string; readonly code?: string; readonly stack?: string };

export function packError(error: unknown): PackedError {
  if (error instanceof KithError) return { problem: error.problem };
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...('code' in error && { code: String(error.code) }),
    ...(error.stack !== undefined && { stack: error.stack }),
  };
}

export function unpackError(packed: PackedError): Error {
  if ('problem' in packed) return new KithError(packed.problem);
  return Object.assign(new Error(packed.message), packed);
}
