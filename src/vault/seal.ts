import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

// Layout: version (1) ‖ nonce (12) ‖ ciphertext ‖ tag (16); AES-256-GCM as in NIST SP 800-38D.
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;
export const SEAL_BYTES = HEAD_BYTES + TAG_BYTES;

const CIPHER = 'aes-256-gcm';

/** Thrown when sealed bytes were altered, cut, or sealed under another key or for another purpose. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Sealed data can't be opened: ${reason}.`, options);
  }
}

/** Encrypts under a fresh random nonce; `context` must be given again to open. */
export function seal(key: KeyObject | Uint8Array, plain: Uint8Array, context: Uint8Array): Uint8Array {
  // Own memory, not a slice of Node's shared pool: the bytes are handed to other threads
  const sealed = new Uint8Array(SEAL_BYTES + plain.length);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(context);
  sealed[0] = VERSION;
  sealed.set(nonce, 1);
  sealed.set(cipher.update(plain), HEAD_BYTES);
  cipher.final();
  sealed.set(cipher.getAuthTag(), HEAD_BYTES + plain.length);
  return sealed;
}

export function unseal(key: KeyObject | Uint8Array, sealed: Uint8Array, context: Uint8Array): Buffer {
  if (sealed.length < SEAL_BYTES) throw new UnsealError('it is cut short');
  if (sealed[0] !== VERSION) throw new UnsealError(`its format ${sealed[0]} is not known to this version`);
  const tagStart = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(1, HEAD_BYTES));
  decipher.setAAD(context);
  // Always the full 16 bytes: GCM would take a shorter tag too
  decipher.setAuthTag(sealed.subarray(tagStart));
  const plain = decipher.update(sealed.subarray(HEAD_BYTES, tagStart));
  try {
    decipher.final();
  } catch (cause) {
    plain.fill(0);
    throw new UnsealError('it was altered, or belongs to another key', { cause });
  }
  return plain;
}
