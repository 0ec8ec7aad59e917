import Type from 'typebox';
import { groupFaces } from '../../core/operations/group-faces.ts';
import type { Deps } from '../../core/ports.ts';
import type { Routes } from './route.ts';
import { Guid } from './wire.ts';

export function addGroupRoute(
  routes: Routes,
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'engine' | 'recognitionModels'>,
): void {
  routes.json({
    method: 'POST',
    path: '/group',
    operation: 'group',
    summary: 'Group faces by person',
    tag: 'Face',
    permission: 'search',
    about: 'no-gallery',
    body: Type.Object({ faceIds: Type.Array(Guid, { minItems: 2, maxItems: 1000 }) }),
    answers: Type.Object({ groups: Type.Array(Type.Array(Guid)), messyGroup: Type.Array(Guid) }),
    async handle({ tenantId, body, signal }) {
      const { groups, alone } = await groupFaces(deps, { tenantId, probeIds: body.faceIds, signal });
      return { body: { groups: groups.map((group) => [...group]), messyGroup: [...alone] } };
    },
  });
}
