import Type, { type Static } from 'typebox';
import { KithError } from '../../core/errors.ts';
import { MAX_KEY_BOUNDS, MAX_TERMS_LENGTH } from '../../core/limits.ts';
import { createApiKey, revokeApiKey, rotateApiKey } from '../../core/operations/manage-api-keys.ts';
import type { Deps } from '../../core/ports.ts';
import type { StoredApiKey } from '../../core/storage/api-keys.ts';
import type { Routes } from './route.ts';
import { GalleryId, wireTime } from './wire.ts';

const MAX_LABEL_LENGTH = 100;
const PermissionName = Type.Enum(['admin', 'enrol', 'search', 'review', 'audit']);
const KeyParams = Type.Object({ keyId: Type.String({ maxLength: 64 }) });
const Bounds = {
  galleries: Type.Optional(
    Type.Array(GalleryId, {
      minItems: 1,
      maxItems: MAX_KEY_BOUNDS,
      description: 'The only galleries the key knows of.',
    }),
  ),
  purposes: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: MAX_TERMS_LENGTH }), {
      minItems: 1,
      maxItems: MAX_KEY_BOUNDS,
      description: 'The key knows only of galleries with one of these purposes, word for word.',
    }),
  ),
};
const NewKey = Type.Object({
  label: Type.String({ minLength: 1, maxLength: MAX_LABEL_LENGTH, description: 'What the key is for.' }),
  permissions: Type.Array(PermissionName, { minItems: 1, maxItems: 5, uniqueItems: true }),
  ...Bounds,
});
const Key = Type.Object({
  keyId: Type.String(),
  label: Type.String(),
  permissions: Type.Array(PermissionName),
  ...Bounds,
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
