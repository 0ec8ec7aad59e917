import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { detectFaces } from '../../core/operations/detect-faces.ts';
import { findFaces } from '../../core/operations/find-faces.ts';
import type { Deps } from '../../core/ports.ts';
import { Detected, DetectQuery } from './photo-wire.ts';
import type { Routes } from './route.ts';
import { wireFoundFace } from './wire.ts';

export function addDetectRoute(routes: Routes, deps: Deps): void {
  routes.photo({
    method: 'POST',
    path: '/detect',
    summary: 'Where are faces in this photo, and how good are they? Keeps nothing unless asked for probes',
    permission: 'search',
    about: 'no-gallery',
    query: DetectQuery,
    answers: Detected,
    async handle({ audit, tenantId, query, body, signal }) {
      const { recognitionModel = DEFAULT_RECOGNITION_MODEL, keepForS } = query;
      const photo = { image: body, recognitionModel, signal };
      if (keepForS === undefined) {
        const { faces, ...size } = await findFaces(deps, photo);
        return { ...size, faces: faces.map(wireFoundFace) };
      }
      const kept = await detectFaces({ ...deps, audit }, { ...photo, tenantId, measure: true, probeTtlS: keepForS });
      const { faces, ...size } = kept;
      return {
        ...size,
        faces: faces.map(({ face, probeId }) => ({
          ...wireFoundFace(face),
          ...(probeId === undefined ? {} : { probeId }),
        })),
      };
    },
  });
}
