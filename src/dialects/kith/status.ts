import Type from 'typebox';
import type { Deps } from '../../core/ports.ts';
import type { Routes } from './route.ts';

const Status = Type.Object({
  uptimeS: Type.Number(),
  memoryBytes: Type.Integer({ description: 'Of the whole service.' }),
  faces: Type.Integer({ description: 'Templates that can be searched, of every gallery.' }),
  indexBytes: Type.Integer(),
  searches: Type.Integer({ description: 'Since the start.' }),
  searchesQueued: Type.Integer(),
  fastKernel: Type.Boolean(),
  recall: Type.Number({ description: 'Measured share of fast searches that name whom the exact scan names first.' }),
  recallSamples: Type.Integer(),
});

export function addStatusRoute(routes: Routes, deps: Pick<Deps, 'index'>): void {
  routes.json({
    method: 'GET',
    path: '/status',
    summary: 'How the service is: numbers only',
    permission: 'audit',
    query: Type.Object({}),
    answers: Status,
    async handle() {
      const stats = await deps.index.stats();
      return {
        uptimeS: Math.round(process.uptime()),
        memoryBytes: process.memoryUsage.rss(),
        faces: stats.enrolments,
        indexBytes: stats.reservedBytes,
        searches: stats.searches,
        searchesQueued: stats.queued,
        fastKernel: stats.kernel !== 'plain',
        recall: stats.recall.estimate,
        recallSamples: stats.recall.sampled,
      };
    },
  });
}
