import type { FastifyInstance } from 'fastify';
import type { IndexFollower } from '../core/ports.ts';
import type { Store } from '../core/storage/store.ts';

export interface HealthDeps {
  readonly store: Pick<Store, 'lastChangeNo'>;
  readonly follower: IndexFollower;
}

/** Liveness says that the process answers; readiness that the store answers and the index follows it. Nothing else. */
export function addHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  app.get('/health', { config: { permission: 'public' } }, async () => ({ status: 'ok' }));
  app.get('/health/ready', { config: { permission: 'public' } }, async (request, reply) => {
    try {
      await deps.store.lastChangeNo();
      await deps.follower.catchUp();
      return { status: 'ready' };
    } catch (error) {
      request.log.error({ err: error }, 'not ready');
      return reply.code(503).send({ status: 'not ready' });
    }
  });
}
