import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../core/types.ts';
import type { KeyScope } from '../http/key-bounds.ts';
import { FACE_LIST, LARGE_FACE_LIST, LARGE_PERSON_GROUP, PERSON_GROUP } from './container-words.ts';

const CONTAINERS = [PERSON_GROUP, LARGE_PERSON_GROUP, FACE_LIST, LARGE_FACE_LIST];

/** The group or list that a call names in its path or, a search, in its body; else what its route says. */
export function keyScopeOf(
  { tenantId }: Principal,
  { params, body }: Pick<FastifyRequest, 'params' | 'body'>,
  about: 'no-gallery' | 'listed' | ((body: unknown) => 'no-gallery' | 'tenant') | undefined,
): KeyScope {
  for (const { part, byReference } of [
    { part: params, byReference: false },
    { part: body, byReference: true },
  ]) {
    for (const { idName, kind } of CONTAINERS) {
      const galleryId = (part as Readonly<Record<string, unknown>> | null | undefined)?.[idName];
      if (typeof galleryId === 'string') return { gallery: { tenantId, kind, galleryId }, byReference };
    }
  }
  return typeof about === 'function' ? about(body) : (about ?? 'tenant');
}
