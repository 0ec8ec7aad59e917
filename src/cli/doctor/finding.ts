import type { Config } from '../../config.ts';

/** `note` is worth knowing, `fault` wants mending. */
export interface Finding {
  readonly outcome: 'ok' | 'note' | 'fault';
  readonly message: string;
  /** What was looked at, where that is something else than the check is named after. */
  readonly check?: string;
}

/** Looks and changes nothing; finds nothing where there is nothing to look at. */
export type Look<T> = (at: T) => Promise<Finding | readonly Finding[] | undefined>;
export type Check = Look<Config>;

export const ok = (message: string): Finding => ({ outcome: 'ok', message });
export const note = (message: string): Finding => ({ outcome: 'note', message });
export const fault = (message: string): Finding => ({ outcome: 'fault', message });

/** Whether anybody but the owner may do something with a file. */
export function isOpenToOthers(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}
