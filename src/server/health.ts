import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { IndexFollower } from '../core/ports.ts';
import type { Store } from '../core/storage/store.ts';

/** A node that lags behind by more than this is to get no requests while others are there. */
const READY_WITHIN_MS = 2000;

export interface HealthDeps {
  readonly store: Pick<Store, 'lastChangeNo'>;
  readonly follower: IndexFollower;
}

/** Liveness says that the process answers; readiness that the store answers and the index follows it. Nothing else. */
export function addHealthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  app.get('/health', { config: { permission: 'public' } }, async () => ({ status: 'ok' }));
  app.get('/health/ready', { config: { permission: 'public' } }, async (request, reply) => {
    try {
      await Promise.race([keepsUp(deps), tooLate()]);
      return { status: 'ready' };
    } catch (error) {
      request.log.error({ err: error }, 'not ready');
      return reply.code(503).send({ status: 'not ready' });
    }
  });
}

async function keepsUp({ store, follower }: HealthDeps): Promise<void> {
  await store.lastChangeNo();
  await follower.catchUp();
}

async function tooLate(): Promise<never> {
  await pause(READY_WITHIN_MS, undefined, { ref: false });
  throw new Error(`The store did not answer, or the index not follow it, within ${READY_WITHIN_MS} ms.`);
}
