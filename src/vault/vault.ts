import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { endianness } from 'node:os';
import type { SealedUnderMaster, Vault } from '../core/ports.ts';
import { endMasterKeyRotation, MASTER_KEY_BYTES, type MasterKeys, readOrCreateMasterKeys } from './master-key.ts';
import { seal, UnsealError, unseal } from './seal.ts';
import { createTemplateTransform, type TemplateTransform, TRANSFORM_KEY_BYTES } from './template-transform.ts';

const PERSON_KEY_BYTES = 32;
const SESSION_TOKEN_BYTES = 32;
/** Galleries whose transforms are kept ready: 12 KB each. */
const MAX_TRANSFORMS = 256;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

export type VaultSource =
  | {
      readonly masterKeyPath: string;
      /** True where something was sealed before: a key made anew could not open it. */
      readonly mustExist?: boolean;
    }
  | {
      readonly masterKey: Uint8Array;
      /** What is still sealed under this one is opened too. */
      readonly previousMasterKey?: Uint8Array;
    };

/** What belongs to a tenant: their key, and what each sealed thing is bound to. */
interface TenantVault {
  readonly key: KeyObject;
  /** While the master key is being replaced. */
  readonly previousKey: KeyObject | undefined;
  readonly personKeyContext: Uint8Array;
  readonly transformKeyContext: Uint8Array;
  readonly templateContext: Uint8Array;
  readonly photoContext: Uint8Array;
  readonly probeContext: Uint8Array;
}

interface UnwrappedKey {
  readonly tenant: TenantVault;
  readonly wrapped: Buffer;
  readonly key: Buffer;
}

/**
 * Envelope: master key → (HKDF-SHA256, RFC 5869) a tenant's key → a person's random key, wrapped → templates.
 * Each sealing is AES-256-GCM and bound to its purpose and tenant. The master key is read from, or at the first
 * start made in, `masterKeyPath`; `masterKey` gives its 32 bytes directly.
 */
export async function openVault(source: VaultSource): Promise<Vault> {
  // Vectors are sealed as they lie in memory
  if (endianness() !== 'LE') throw new Error('Kith stores templates little-endian and runs on such machines only.');
  let ring = openRing(source);
  const tenants = new Map<string, TenantVault>();
  const transforms = new Map<string, TemplateTransform>();
  const indexContext = Buffer.from('kith index piece 1');

  /** Undefined where the file holds what is in use, or can't be read now: then nothing changes. */
  function readOthers(): KeyRing | undefined {
    if (!('masterKeyPath' in source)) return undefined;
    try {
      // Never made anew here
      const found = openRing({ ...source, mustExist: true });
      return isSame(found.current, ring.current) && isSame(found.previous, ring.previous) ? undefined : found;
    } catch {
      return undefined;
    }
  }

  function use(keys: KeyRing): void {
    ring = keys;
    tenants.clear();
    transforms.clear();
    forgetPersonKey();
  }

  /** A key in the file that is neither the next one nor what is left of two is somebody's mistake, and not taken up. */
  function refresh(): boolean {
    const found = readOthers();
    if (!found) return false;
    const hasBegun = isSame(found.previous, ring.current);
    const hasEnded = ring.previous !== undefined && isSame(found.current, ring.current);
    if (hasBegun || hasEnded) use(found);
    return hasBegun || hasEnded;
  }

  /** Under the present key or, while there is one, the one before; another process may have begun to seal with a new one. */
  function unsealEither(
    keysOf: () => { readonly key: KeyObject; readonly previousKey: KeyObject | undefined },
    sealed: Uint8Array,
    context: Uint8Array,
  ): Buffer {
    const open = (): Buffer => {
      const { key, previousKey } = keysOf();
      return unsealUnderEither(key, previousKey, sealed, context);
    };
    try {
      return open();
    } catch (error) {
      const inUse = ring;
      const found = error instanceof UnsealError ? readOthers() : undefined;
      if (!found) throw error;
      use(found);
      try {
        return open();
      } catch {
        use(inUse);
        throw error;
      }
    }
  }

  function tenantVault(tenantId: string): TenantVault {
    let tenant = tenants.get(tenantId);
    if (tenant === undefined) {
      tenant = {
        key: derive(ring.current, `kith tenant key 1:${tenantId}`),
        previousKey: ring.previous && derive(ring.previous, `kith tenant key 1:${tenantId}`),
        personKeyContext: Buffer.from(`kith person key 1:${tenantId}`),
        transformKeyContext: Buffer.from(`kith transform key 1:${tenantId}`),
        templateContext: Buffer.from(`kith template 1:${tenantId}`),
        photoContext: Buffer.from(`kith photo 1:${tenantId}`),
        probeContext: Buffer.from(`kith probe 1:${tenantId}`),
      };
      tenants.set(tenantId, tenant);
    }
    return tenant;
  }

  let unwrapped: UnwrappedKey | undefined;

  /**
   * A person's photos come one after another and each would unwrap the same key, half the work of opening one. So the
   * last key is kept to the end of this turn of the event loop, and zeroed then or when the next one takes its place.
   */
  function personKey(tenantId: string, wrappedKey: Uint8Array): Uint8Array {
    const tenant = tenantVault(tenantId);
    if (unwrapped?.tenant === tenant && unwrapped.wrapped.equals(wrappedKey)) return unwrapped.key;
    const key = unsealEither(() => tenantVault(tenantId), wrappedKey, tenant.personKeyContext);
    if (unwrapped === undefined) setImmediate(forgetPersonKey);
    else unwrapped.key.fill(0);
    unwrapped = { tenant: tenantVault(tenantId), wrapped: Buffer.from(wrappedKey), key };
    return key;
  }

  function forgetPersonKey(): void {
    unwrapped?.key.fill(0);
    unwrapped = undefined;
  }

  function transformOf(tenantId: string, wrappedKey: Uint8Array, dims: number): TemplateTransform {
    const name = `${tenantId}:${dims}:${Buffer.from(wrappedKey).toString('base64')}`;
    const known = transforms.get(name);
    if (known) return known;
    const { transformKeyContext } = tenantVault(tenantId);
    const key = unsealEither(() => tenantVault(tenantId), wrappedKey, transformKeyContext);
    const transform = createTemplateTransform(key, dims);
    key.fill(0);
    // The oldest goes: a Map keeps the order
    for (const oldest of transforms.keys()) if (transforms.size >= MAX_TRANSFORMS) transforms.delete(oldest);
    transforms.set(name, transform);
    return transform;
  }

  return {
    newTransformKey(tenantId) {
      const tenant = tenantVault(tenantId);
      const key = randomBytes(TRANSFORM_KEY_BYTES);
      const wrapped = seal(tenant.key, key, tenant.transformKeyContext);
      key.fill(0);
      return wrapped;
    },
    turn(tenantId, wrappedKey, vector) {
      return wrappedKey ? transformOf(tenantId, wrappedKey, vector.length).turn(vector) : vector;
    },
    turnBack(tenantId, wrappedKey, vector) {
      return wrappedKey ? transformOf(tenantId, wrappedKey, vector.length).turnBack(vector) : vector;
    },
    newPersonKey(tenantId) {
      const tenant = tenantVault(tenantId);
      const key = randomBytes(PERSON_KEY_BYTES);
      const wrapped = seal(tenant.key, key, tenant.personKeyContext);
      key.fill(0);
      return wrapped;
    },
    sealTemplate(tenantId, wrappedKey, vector) {
      const tenant = tenantVault(tenantId);
      return seal(personKey(tenantId, wrappedKey), bytesOf(vector), tenant.templateContext);
    },
    openTemplate(tenantId, wrappedKey, sealed) {
      const tenant = tenantVault(tenantId);
      return vectorOf(unseal(personKey(tenantId, wrappedKey), sealed, tenant.templateContext));
    },
    sealPhoto(tenantId, wrappedKey, photo) {
      const tenant = tenantVault(tenantId);
      return seal(personKey(tenantId, wrappedKey), photo, tenant.photoContext);
    },
    openPhoto(tenantId, wrappedKey, sealed) {
      const tenant = tenantVault(tenantId);
      return unseal(personKey(tenantId, wrappedKey), sealed, tenant.photoContext);
    },
    sealIndexPiece: (piece) => seal(derive(ring.current, INDEX_KEY), piece, indexContext),
    openIndexPiece: (sealed) =>
      unsealEither(
        () => ({
          key: derive(ring.current, INDEX_KEY),
          previousKey: ring.previous && derive(ring.previous, INDEX_KEY),
        }),
        sealed,
        indexContext,
      ),
    sealProbe(tenantId, vector) {
      const tenant = tenantVault(tenantId);
      return seal(tenant.key, bytesOf(vector), tenant.probeContext);
    },
    openProbe(tenantId, sealed) {
      const tenant = tenantVault(tenantId);
      return vectorOf(unsealEither(() => tenantVault(tenantId), sealed, tenant.probeContext));
    },
    get isRotating() {
      return ring.previous !== undefined;
    },
    refresh,
    canOpen(what, tenantId, sealed) {
      const { key, previousKey, ...contexts } = tenantVault(tenantId);
      const context = contextOf(what, contexts);
      return opens(key, sealed, context) || (previousKey !== undefined && opens(previousKey, sealed, context));
    },
    sealAnew(what, tenantId, sealed) {
      const tenant = tenantVault(tenantId);
      const context = contextOf(what, tenant);
      if (!tenant.previousKey || opens(tenant.key, sealed, context)) return undefined;
      const plain = unseal(tenant.previousKey, sealed, context);
      const anew = seal(tenant.key, plain, context);
      plain.fill(0);
      return anew;
    },
    endRotation() {
      if ('masterKeyPath' in source) {
        endMasterKeyRotation(source.masterKeyPath);
        refresh();
        return;
      }
      ring = { current: ring.current, previous: undefined };
      tenants.clear();
    },
    sessionToken(tenantId, sessionId) {
      const context = `kith session token 1:${tenantId}:${sessionId}`;
      return Buffer.from(hkdfSync('sha256', ring.current, '', context, SESSION_TOKEN_BYTES)).toString('base64url');
    },
  };
}

const INDEX_KEY = 'kith index key 1';

interface KeyRing {
  readonly current: KeyObject;
  readonly previous: KeyObject | undefined;
}

function openRing(source: VaultSource): KeyRing {
  const { current, previous }: MasterKeys =
    'masterKey' in source
      ? { current: source.masterKey, ...(source.previousMasterKey ? { previous: source.previousMasterKey } : {}) }
      : readOrCreateMasterKeys(source.masterKeyPath, source);
  for (const key of [current, previous]) {
    if (key && key.length !== MASTER_KEY_BYTES) throw new Error(`A master key has ${MASTER_KEY_BYTES} bytes.`);
  }
  return { current: createSecretKey(current), previous: previous && createSecretKey(previous) };
}

function contextOf(what: SealedUnderMaster, tenant: Omit<TenantVault, 'key' | 'previousKey'>): Uint8Array {
  switch (what) {
    case 'person-key':
      return tenant.personKeyContext;
    case 'transform-key':
      return tenant.transformKeyContext;
    case 'probe':
      return tenant.probeContext;
  }
}

function isSame(a: KeyObject | undefined, b: KeyObject | undefined): boolean {
  return a && b ? a.equals(b) : a === b;
}

function derive(master: KeyObject, info: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', master, '', info, 32)));
}

function unsealUnderEither(
  key: KeyObject,
  previousKey: KeyObject | undefined,
  sealed: Uint8Array,
  context: Uint8Array,
): Buffer {
  if (!previousKey) return unseal(key, sealed, context);
  return unseal(opens(key, sealed, context) ? key : previousKey, sealed, context);
}

function opens(key: KeyObject, sealed: Uint8Array, context: Uint8Array): boolean {
  try {
    unseal(key, sealed, context).fill(0);
    return true;
  } catch {
    return false;
  }
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

function vectorOf(bytes: Buffer): Float32Array {
  if (bytes.length % FLOAT_BYTES !== 0) throw new UnsealError('it holds no vector');
  if (bytes.byteOffset % FLOAT_BYTES === 0) {
    return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / FLOAT_BYTES);
  }
  return new Float32Array(new Uint8Array(bytes).buffer);
}
