import type { Permission } from '../../core/types.ts';
import type { CommandContext } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { type KnownKey, type OfTenant, unknownKey, withKeys } from './known-keys.ts';

export const PERMISSIONS: readonly Permission[] = ['admin', 'enrol', 'search', 'review', 'audit'];

export interface CreateOptions extends OfTenant {
  readonly label: string;
  readonly permission: readonly string[];
  readonly gallery?: readonly string[];
  readonly purpose?: readonly string[];
}

export async function createKey(context: CommandContext, options: CreateOptions): Promise<ExitCode> {
  const { terminal } = context;
  const { tenant, label, gallery: galleries, purpose: purposes } = options;
  const permissions = [...new Set(options.permission)].map(permissionNamed);
  const bounds = { ...(galleries ? { galleries } : {}), ...(purposes ? { purposes } : {}) };
  const isBound = Object.keys(bounds).length > 0;
  return withKeys(context, { tenant, mayMake: true }, async (keys) => {
    const { keyId, key } = await keys.create({ label, permissions, ...(isBound ? { bounds } : {}) });
    terminal.record({ type: 'key', keyId, key, label, permissions, ...bounds });
    terminal.answer(key);
    terminal.note('Keep it now: it is shown this once and stored only as a hash.');
    return EXIT.done;
  });
}

function permissionNamed(name: string): Permission {
  const permission = PERMISSIONS.find((known) => known === name);
  if (permission) return permission;
  throw new UsageError(`There is no permission "${name}"; known are ${PERMISSIONS.join(', ')}.`);
}

export async function rotateKey(context: CommandContext, keyId: string, { tenant }: OfTenant): Promise<ExitCode> {
  const { terminal } = context;
  return withKeys(context, { tenant }, async (keys) => {
    const made = await keys.rotate(keyId);
    if (!made) throw unknownKey(keyId);
    terminal.record({ type: 'key', ...made, insteadOf: keyId });
    terminal.answer(made.key);
    terminal.note(`Keep it now: it is shown this once. The old one works until kith keys revoke ${keyId}`);
    return EXIT.done;
  });
}

export async function revokeKey(
  context: CommandContext,
  keyId: string,
  { tenant, yes }: OfTenant & { readonly yes?: true },
): Promise<ExitCode> {
  const { terminal } = context;
  return withKeys(context, { tenant }, async (keys) => {
    const all = await keys.list();
    const key = all.find((known) => known.keyId === keyId);
    if (!key) throw unknownKey(keyId);
    await confirm(terminal, describeEnd(key, all), yes ? { yes } : {});
    if (!(await keys.revoke(keyId))) throw unknownKey(keyId);
    terminal.record({ type: 'key-revoked', keyId });
    terminal.say(`The key ${keyId} is revoked.`);
    return EXIT.done;
  });
}

/** Whom it shuts out, and whether anybody is left who may do everything. */
function describeEnd({ keyId, label, permissions }: KnownKey, all: readonly KnownKey[]): string {
  const which = `the key "${printable(label)}" (${permissions.join(', ')}), 1 of ${all.length}, for good`;
  const others = all.filter((other) => other.keyId !== keyId && other.permissions.includes('admin'));
  const isLast = permissions.includes('admin') && others.length === 0;
  return `This ends ${which}${isLast ? ', and no other key may do everything' : ''}.`;
}
