import type { Static } from 'typebox';
import * as wire from '../../dialects/kith/keys-wire.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { ServiceError } from '../service/service-error.ts';
import type { KnownKey, KnownKeys } from './known-keys.ts';

/** Those of the tenant of the key that is used. */
export function openRemoteKeys(service: ServiceClient): KnownKeys {
  return {
    async list() {
      const { keys } = await service.call({
        method: 'GET',
        path: pathTo('keys'),
        answers: wire.Keys,
        isRepeatable: true,
      });
      return keys.map(known);
    },
    create: ({ label, permissions, bounds }) =>
      service.call({
        method: 'POST',
        path: pathTo('keys'),
        json: { label, permissions, ...bounds },
        answers: wire.MadeKey,
      }),
    rotate: (keyId) =>
      unlessUnknown(
        service.call({ method: 'POST', path: pathTo('keys', keyId, 'rotate'), answers: wire.MadeKey }),
        undefined,
      ),
    revoke: (keyId) =>
      unlessUnknown(
        service.call({ method: 'DELETE', path: pathTo('keys', keyId) }).then(() => true),
        false,
      ),
  };
}

function known({ keyId, label, permissions, createdAt, galleries, purposes }: Static<typeof wire.Key>): KnownKey {
  const bounds = { ...(galleries ? { galleries } : {}), ...(purposes ? { purposes } : {}) };
  const isBound = Object.keys(bounds).length > 0;
  return { keyId, label, permissions, createdMs: Date.parse(createdAt), ...(isBound ? { bounds } : {}) };
}

async function unlessUnknown<T, U>(answer: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'key-not-found') return otherwise;
    throw error;
  }
}
