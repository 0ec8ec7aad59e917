import Type, { type Static } from 'typebox';
import { KithError } from '../../core/errors.ts';
import { createApiKey, revokeApiKey, rotateApiKey } from '../../core/operations/manage-api-keys.ts';
import type { Deps } from '../../core/ports.ts';
import type { StoredApiKey } from '../../core/storage/api-keys.ts';
import type { Routes } from './route.ts';
import { wireTime } from './wire.ts';

const MAX_LABEL_LENGTH = 100;
const PermissionName = Type.Enum(['admin', 'enrol', 'search', 'review', 'audit']);
const KeyParams = Type.Object({ keyId: Type.String({ maxLength: 64 }) });
const NewKey = Type.Object({
  label: Type.String({ minLength: 1, maxLength: MAX_LABEL_LENGTH, description: 'What the key is for.' }),
  permissions: Type.Array(PermissionName, { minItems: 1, maxItems: 5, uniqueItems: true }),
});
const Key = Type.Object({
  keyId: Type.String(),
  label: Type.String(),
  permissions: Type.Array(PermissionName),
  createdAt: Type.String({ format: 'date-time' }),
});
const MadeKey = Type.Object({
  keyId: Type.String(),
  key: Type.String({ description: 'Shown this once; only its hash is kept.' }),
});

export function addKeyRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'GET',
    path: '/keys',
    summary: 'The keys there are, without the keys themselves',
    permission: 'admin',
    query: Type.Object({}),
    answers: Type.Object({ keys: Type.Array(Key) }),
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
      const { label, permissions } = body;
      return createApiKey({ ...deps, audit }, { tenantId, label, permissions });
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

function wireKey({ keyId, label, permissions, createdMs }: StoredApiKey): Static<typeof Key> {
  return { keyId, label, permissions: [...permissions], createdAt: wireTime(createdMs) };
}
