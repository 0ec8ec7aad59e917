import type { FastifyRequest } from 'fastify';
import { KithError } from '../../core/errors.ts';
import type { ApiKeys } from '../../core/ports.ts';
import type { Permission, Principal } from '../../core/types.ts';

/** Whoever presents a key in Azure's header, or as a bearer token; unauthenticated or forbidden otherwise. */
export async function admit(
  keys: Pick<ApiKeys, 'authenticate'>,
  request: FastifyRequest,
  permission: Permission,
): Promise<Principal> {
  const principal = await keys.authenticate(presentedKey(request) ?? '');
  if (!principal) throw new KithError({ kind: 'unauthenticated' });
  if (!principal.permissions.has(permission) && !principal.permissions.has('admin')) {
    throw new KithError({ kind: 'forbidden', message: `This key does not carry the permission "${permission}".` });
  }
  return principal;
}

function presentedKey(request: FastifyRequest): string | undefined {
  const header = request.headers['ocp-apim-subscription-key'];
  if (typeof header === 'string') return header;
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
