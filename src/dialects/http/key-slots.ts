import type { FastifyReply } from 'fastify';
import { KithError } from '../../core/errors.ts';

/** Requests of one key under way at once. More would let one client fill the queues that all share. */
export const MAX_REQUESTS_OF_A_KEY = 256;

/** Takes a place for the request until its answer is out or its client gone; throws busy when its key has none left. */
export type KeySlots = (keyId: string, reply: FastifyReply) => void;

export function createKeySlots(max = MAX_REQUESTS_OF_A_KEY): KeySlots {
  const underWay = new Map<string, number>();
  return (keyId, reply) => {
    const count = underWay.get(keyId) ?? 0;
    if (count >= max) throw new KithError({ kind: 'busy', retryAfterS: 1 });
    underWay.set(keyId, count + 1);
    reply.raw.once('close', () => {
      const left = (underWay.get(keyId) ?? 1) - 1;
      if (left === 0) underWay.delete(keyId);
      else underWay.set(keyId, left);
    });
  };
}
