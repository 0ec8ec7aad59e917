import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { KithError } from '../../core/errors.ts';

export interface Rate {
  readonly requests: number;
  readonly perS: number;
}

/** Throws busy, with the seconds to wait, when a key asks more often than its rate allows. */
export type RateLimit = (keyId: string) => Promise<void>;

/** Counts in this process, in windows that begin with a key's first request. */
export function createRateLimit(rate: Rate): RateLimit {
  const limiter = new RateLimiterMemory({ points: rate.requests, duration: rate.perS });
  return async (keyId) => {
    try {
      await limiter.consume(keyId);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new KithError({ kind: 'busy', retryAfterS: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) });
    }
  };
}
