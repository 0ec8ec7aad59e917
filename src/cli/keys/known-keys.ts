// A tenant's keys as commands see them, in the data directory or behind a service.
import type { KeyBounds, Permission } from '../../core/types.ts';
import type { CommandContext } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';

export interface WantedKey {
  readonly label: string;
  readonly permissions: readonly Permission[];
  readonly bounds?: KeyBounds;
}

export interface KnownKey extends WantedKey {
  readonly keyId: string;
  readonly createdMs: number;
}

/** The key itself is told this once. */
export interface MadeKey {
  readonly keyId: string;
  readonly key: string;
}

export interface KnownKeys {
  list(): Promise<readonly KnownKey[]>;
  create(wanted: WantedKey): Promise<MadeKey>;
  /** Undefined when there is no such key. */
  rotate(keyId: string): Promise<MadeKey | undefined>;
  /** False when there is no such key. */
  revoke(keyId: string): Promise<boolean>;
}

export interface OfTenant {
  readonly tenant?: string | undefined;
}

/** Wherever the command was told to work. `mayMake`: also where there are no data yet. */
export async function withKeys(
  context: CommandContext,
  { tenant, mayMake = false }: OfTenant & { readonly mayMake?: boolean },
  work: (keys: KnownKeys) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!context.service) {
    return (await import('./local-keys.ts')).withLocalKeys(context, { tenant, mayMake }, work);
  }
  if (tenant !== undefined) {
    throw new UsageError('A service goes by whose the key in --key-file is: leave out --tenant.');
  }
  const { openRemoteKeys } = await import('./remote-keys.ts');
  return work(openRemoteKeys(context.service));
}

export function unknownKey(keyId: string): UsageError {
  return new UsageError(`There is no key "${printable(keyId)}"; kith keys list shows those there are.`);
}
