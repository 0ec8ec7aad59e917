import type { FastifyRequest } from 'fastify';
import type { ApiKeys } from '../../core/ports.ts';
import type { Permission, Principal } from '../../core/types.ts';
import { admit, bearerToken } from '../http/admit.ts';

/** Takes the key from Azure's header, or from a bearer token. */
export async function admitAzure(
  keys: Pick<ApiKeys, 'authenticate'>,
  request: FastifyRequest,
  permission: Permission,
): Promise<Principal> {
  const header = request.headers['ocp-apim-subscription-key'];
  const key = typeof header === 'string' ? header : bearerToken(request.headers.authorization);
  return admit(keys, key, permission);
}
