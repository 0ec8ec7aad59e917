import { groupFaces } from '../../core/operations/group-faces.ts';
import type { Deps } from '../../core/ports.ts';
import { Grouped, GroupRequest } from './photo-wire.ts';
import type { Routes } from './route.ts';

export function addGroupRoute(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/group',
    summary: 'Which of these detected faces are of one person each?',
    permission: 'search',
    about: 'no-gallery',
    body: GroupRequest,
    answers: Grouped,
    async handle({ tenantId, body, signal }) {
      const { groups, alone } = await groupFaces(deps, { tenantId, probeIds: body.probeIds, signal });
      return { groups: groups.map((group) => [...group]), alone: [...alone] };
    },
  });
}
