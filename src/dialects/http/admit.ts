import { KithError } from '../../core/errors.ts';
import type { ApiKeys } from '../../core/ports.ts';
import type { Permission, Principal } from '../../core/types.ts';

/** Whoever presents a key that carries the permission; unauthenticated or forbidden otherwise. */
export async function admit(
  keys: Pick<ApiKeys, 'authenticate'>,
  presentedKey: string | undefined,
  permission: Permission,
): Promise<Principal> {
  const principal = await keys.authenticate(presentedKey ?? '');
  if (!principal) throw new KithError({ kind: 'unauthenticated' });
  if (!principal.permissions.has(permission) && !principal.permissions.has('admin')) {
    throw new KithError({ kind: 'forbidden', message: `This key does not carry the permission "${permission}".` });
  }
  return principal;
}

/** The token of `Authorization: Bearer <token>`. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}
