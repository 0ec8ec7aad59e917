import Type, { type Static } from 'typebox';
import { KithError } from '../../core/errors.ts';
import { createApiKey, revokeApiKey, rotateApiKey } from '../../core/operations/manage-api-keys.ts';
import type { Deps } from '../../core/ports.ts';
import type { StoredApiKey } from '../../core/storage/api-keys.ts';
import { type Key, KeyParams, Keys, MadeKey, NewKey } from './keys-wire.ts';
import type { Routes } from './route.ts';
import { wireTime } from './wire.ts';

export function addKeyRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'GET',
    path: '/keys',
    summary: 'The keys there are, without the keys themselves',
    permission: 'admin',
    query: Type.Object({}),
    answers: Keys,
    async handle({ tenantId }) {
      const keys = await deps.store.listApiKeys();
      return { keys: keys.filter((key) => key.tenantId === tenantId).map(wireKey) };
    },
  });
  routes.json({
    method: 'POST',
    path: '/keys',
    summary: 'Make a key',
    permission: 'admin',
    body: NewKey,
    answers: MadeKey,
    success: 201,
    async handle({ audit, tenantId, body }) {
      const { label, permissions, galleries, purposes } = body;
      const bounds = { ...(galleries ? { galleries } : {}), ...(purposes ? { purposes } : {}) };
      return createApiKey(
        { ...deps, audit },
        { tenantId, label, permissions, ...(Object.keys(bounds).length > 0 ? { bounds } : {}) },
      );
    },
  });
  routes.json({
    method: 'POST',
    path: '/keys/:keyId/rotate',
    summary: 'Make a second key like this one; revoke this one once every client has the new one',
    permission: 'admin',
    params: KeyParams,
    answers: MadeKey,
    success: 201,
    async handle({ audit, tenantId, params: { keyId } }) {
      const made = await rotateApiKey({ ...deps, audit }, { tenantId, keyId });
      if (made) return made;
      throw new KithError({ kind: 'not-found', resource: 'key', id: keyId });
    },
  });
  routes.json({
    method: 'DELETE',
    path: '/keys/:keyId',
    summary: 'End a key at once',
    permission: 'admin',
    params: KeyParams,
    async handle({ audit, tenantId, params: { keyId } }) {
      if (await revokeApiKey({ ...deps, audit }, { tenantId, keyId })) return;
      throw new KithError({ kind: 'not-found', resource: 'key', id: keyId });
    },
  });
}

function wireKey({ keyId, label, permissions, bounds, createdMs }: StoredApiKey): Static<typeof Key> {
  const { galleries, purposes } = bounds ?? {};
  return {
    keyId,
    label,
    permissions: [...permissions],
    ...(galleries ? { galleries: [...galleries] } : {}),
    ...(purposes ? { purposes: [...purposes] } : {}),
    createdAt: wireTime(createdMs),
  };
}
