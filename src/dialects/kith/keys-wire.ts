import Type from 'typebox';
import { MAX_KEY_BOUNDS, MAX_KEY_LABEL_LENGTH, MAX_TERMS_LENGTH } from '../../core/limits.ts';
import { GalleryId } from './wire.ts';

const PermissionName = Type.Enum(['admin', 'enrol', 'search', 'review', 'audit']);
export const KeyParams = Type.Object({ keyId: Type.String({ maxLength: 64 }) });
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
export const NewKey = Type.Object({
  label: Type.String({ minLength: 1, maxLength: MAX_KEY_LABEL_LENGTH, description: 'What the key is for.' }),
  permissions: Type.Array(PermissionName, { minItems: 1, maxItems: 5, uniqueItems: true }),
  ...Bounds,
});
export const Key = Type.Object({
  keyId: Type.String(),
  label: Type.String(),
  permissions: Type.Array(PermissionName),
  ...Bounds,
  createdAt: Type.String({ format: 'date-time' }),
});
export const Keys = Type.Object({ keys: Type.Array(Key) });
export const MadeKey = Type.Object({
  keyId: Type.String(),
  key: Type.String({ description: 'Shown this once; only its hash is kept.' }),
});
