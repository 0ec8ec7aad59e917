import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { endianness } from 'node:os';
import type { Vault } from '../core/ports.ts';
import { MASTER_KEY_BYTES, readOrCreateMasterKey } from './master-key.ts';
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
  | { readonly masterKey: Uint8Array };

/** What belongs to a tenant: their key, and what each sealed thing is bound to. */
interface TenantVault {
  readonly key: KeyObject;
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
  const masterKey = 'masterKey' in source ? source.masterKey : readOrCreateMasterKey(source.masterKeyPath, source);
  if (masterKey.length !== MASTER_KEY_BYTES) throw new Error(`A master key has ${MASTER_KEY_BYTES} bytes.`);
  const master = createSecretKey(masterKey);
  const tenants = new Map<string, TenantVault>();
  const indexKey = createSecretKey(new Uint8Array(hkdfSync('sha256', master, '', 'kith index key 1', 32)));
  const indexContext = Buffer.from('kith index piece 1');

  function tenantVault(tenantId: string): TenantVault {
    let tenant = tenants.get(tenantId);
    if (tenant === undefined) {
      tenant = {
        key: createSecretKey(new Uint8Array(hkdfSync('sha256', master, '', `kith tenant key 1:${tenantId}`, 32))),
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
  function personKey(tenant: TenantVault, wrappedKey: Uint8Array): Uint8Array {
    if (unwrapped?.tenant === tenant && unwrapped.wrapped.equals(wrappedKey)) return unwrapped.key;
    const key = unseal(tenant.key, wrappedKey, tenant.personKeyContext);
    if (unwrapped === undefined) setImmediate(forgetPersonKey);
    else unwrapped.key.fill(0);
    unwrapped = { tenant, wrapped: Buffer.from(wrappedKey), key };
    return key;
  }

  function forgetPersonKey(): void {
    unwrapped?.key.fill(0);
    unwrapped = undefined;
  }

  const transforms = new Map<string, TemplateTransform>();

  function transformOf(tenantId: string, wrappedKey: Uint8Array, dims: number): TemplateTransform {
    const name = `${tenantId}:${dims}:${Buffer.from(wrappedKey).toString('base64')}`;
    const known = transforms.get(name);
    if (known) return known;
    const tenant = tenantVault(tenantId);
    const key = unseal(tenant.key, wrappedKey, tenant.transformKeyContext);
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
      return seal(personKey(tenant, wrappedKey), bytesOf(vector), tenant.templateContext);
    },
    openTemplate(tenantId, wrappedKey, sealed) {
      const tenant = tenantVault(tenantId);
      return vectorOf(unseal(personKey(tenant, wrappedKey), sealed, tenant.templateContext));
    },
    sealPhoto(tenantId, wrappedKey, photo) {
      const tenant = tenantVault(tenantId);
      return seal(personKey(tenant, wrappedKey), photo, tenant.photoContext);
    },
    openPhoto(tenantId, wrappedKey, sealed) {
      const tenant = tenantVault(tenantId);
      return unseal(personKey(tenant, wrappedKey), sealed, tenant.photoContext);
    },
    sealIndexPiece: (piece) => seal(indexKey, piece, indexContext),
    openIndexPiece: (sealed) => unseal(indexKey, sealed, indexContext),
    sealProbe(tenantId, vector) {
      const tenant = tenantVault(tenantId);
      return seal(tenant.key, bytesOf(vector), tenant.probeContext);
    },
    openProbe(tenantId, sealed) {
      const tenant = tenantVault(tenantId);
      return vectorOf(unseal(tenant.key, sealed, tenant.probeContext));
    },
    sessionToken(tenantId, sessionId) {
      const context = `kith session token 1:${tenantId}:${sessionId}`;
      return Buffer.from(hkdfSync('sha256', master, '', context, SESSION_TOKEN_BYTES)).toString('base64url');
    },
  };
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
