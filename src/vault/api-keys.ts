import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { KithError } from '../core/errors.ts';
import { API_KEY_BYTES, MIN_API_KEY_LENGTH } from '../core/limits.ts';
import type { ApiKeys, Clock, NewId } from '../core/ports.ts';
import type { StoredApiKey } from '../core/storage/api-keys.ts';
import type { Store } from '../core/storage/store.ts';
import type { Permission, Principal } from '../core/types.ts';

/** A revoked key is refused after this long at the latest. */
const CACHE_MS = 1000;

export interface ApiKeysOptions {
  readonly clock: Clock;
  readonly newId: NewId;
  /** A key given by the operator; it is never stored. */
  readonly environmentKey?: {
    readonly key: string;
    readonly tenantId: string;
    readonly permissions: readonly Permission[];
  };
  /** Milliseconds that only ever rise. */
  readonly monotonicMs?: () => number;
}

type KeyStore = Pick<Store, 'insertApiKey' | 'listApiKeys' | 'deleteApiKey'>;

interface KnownKey {
  readonly sha256: Uint8Array;
  readonly principal: Principal;
}

/**
 * Keys are `kith_` and 256 random bits, shown once; only their SHA-256 is kept. (A slow hash protects guessable
 * passwords; nobody guesses 256 bits.) Throws invalid-argument for an environment key that is too short.
 */
export function createApiKeys(store: KeyStore, options: ApiKeysOptions): ApiKeys {
  const { clock, newId, environmentKey, monotonicMs = () => performance.now() } = options;
  const fixed = environmentKey === undefined ? [] : [environmentKnownKey(environmentKey)];
  let cached: { readonly loadedMs: number; readonly keys: Promise<readonly KnownKey[]> } | undefined;

  async function load(): Promise<readonly KnownKey[]> {
    return [...fixed, ...(await store.listApiKeys()).map(toKnownKey)];
  }

  function knownKeys(): Promise<readonly KnownKey[]> {
    // Counted from before the load: what it read may have been revoked while it ran
    if (cached === undefined || monotonicMs() - cached.loadedMs >= CACHE_MS) {
      const loading = { loadedMs: monotonicMs(), keys: load() };
      cached = loading;
      loading.keys.catch(() => {
        if (cached === loading) cached = undefined;
      });
    }
    return cached.keys;
  }

  return {
    async authenticate(presentedKey) {
      const presented = sha256(presentedKey);
      let principal: Principal | undefined;
      // All of them, found or not: the time taken says nothing about where, or how nearly, a key matched
      for (const known of await knownKeys()) {
        if (timingSafeEqual(known.sha256, presented)) principal = known.principal;
      }
      return principal;
    },
    async create({ tenantId, label, permissions, bounds }) {
      const keyId = newId();
      const key = `kith_${randomBytes(API_KEY_BYTES).toString('base64url')}`;
      await store.insertApiKey({
        keyId,
        tenantId,
        label,
        sha256: sha256(key),
        permissions,
        ...(bounds ? { bounds } : {}),
        createdMs: clock.nowMs(),
      });
      cached = undefined;
      return { keyId, key };
    },
  };
}

function environmentKnownKey({ key, tenantId, permissions }: NonNullable<ApiKeysOptions['environmentKey']>): KnownKey {
  if (key.length < MIN_API_KEY_LENGTH) {
    throw new KithError({
      kind: 'invalid-argument',
      argument: 'KITH_API_KEY',
      reason: 'out-of-range',
      message: `A key needs at least ${MIN_API_KEY_LENGTH} characters; make one with: openssl rand -base64 32`,
    });
  }
  return { sha256: sha256(key), principal: { tenantId, keyId: 'environment', permissions: new Set(permissions) } };
}

function toKnownKey({ sha256, tenantId, keyId, permissions, bounds }: StoredApiKey): KnownKey {
  return { sha256, principal: { tenantId, keyId, permissions: new Set(permissions), ...(bounds ? { bounds } : {}) } };
}

function sha256(text: string): Uint8Array {
  // Own memory, not a slice of Node's shared pool: the bytes are handed to other threads
  return new Uint8Array(createHash('sha256').update(text, 'utf8').digest());
}
