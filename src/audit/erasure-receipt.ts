import { sign, verify } from 'node:crypto';
import type { ErasedSubject, ErasureReceipt, ReissuedReceipt, SignedReceipt } from '../core/erasure-types.ts';
import type { ReceiptSigner } from '../core/ports.ts';
import { canonicalJson, type JsonValue } from './canonical-json.ts';
import { pemOf, readOrCreateSigningKey, type SigningKey, type VerifyingKey } from './signing-key.ts';

/** Signs with the audit log's own key, so that one public key vouches for the log and for what was erased. */
export async function openReceiptSigner(
  folder: string,
): Promise<ReceiptSigner & { /** By which what it is told is to be checked. */ readonly key: VerifyingKey }> {
  const key: SigningKey = await readOrCreateSigningKey(folder);
  return {
    key: { publicKey: key.publicKey, fingerprint: key.fingerprint },
    publicKey: { text: pemOf(key), fingerprint: key.fingerprint },
    sign(receipt) {
      const value = sign(null, signedBytes(receipt), key.privateKey).toString('base64');
      return { receipt, signature: { algorithm: 'Ed25519', keyFingerprint: key.fingerprint, value } };
    },
  };
}

/** What is wrong with a receipt, in a sentence; undefined for one that is as this key signed it. */
export function findReceiptFault(signed: unknown, key: VerifyingKey): string | undefined {
  const { receipt, signature } = (signed ?? {}) as Partial<SignedReceipt>;
  const { algorithm, keyFingerprint, value } = signature ?? ({} as Partial<SignedReceipt['signature']>);
  if (typeof receipt !== 'object' || receipt === null || typeof value !== 'string' || algorithm !== 'Ed25519') {
    return 'It is no erasure receipt.';
  }
  if (keyFingerprint !== key.fingerprint) return 'It was signed with another key.';
  const isSigned = verify(null, signedBytes(receipt), key.publicKey, Buffer.from(value, 'base64'));
  return isSigned ? undefined : 'It was changed after it was signed.';
}

function signedBytes(receipt: ErasureReceipt<ErasedSubject> | ReissuedReceipt): Buffer {
  return Buffer.from(`kith erasure receipt 1\n${canonicalJson(receipt as unknown as JsonValue)}`, 'utf8');
}
