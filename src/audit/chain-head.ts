// A head says, signed, how far a chain had come: whoever has it can tell a chain that was cut or rewritten below it.
import { sign, verify } from 'node:crypto';
import type { AuditHead } from '../core/audit-types.ts';
import { canonicalJson } from './canonical-json.ts';
import type { SigningKey, VerifyingKey } from './signing-key.ts';

/** So that a signature can't be taken for one over anything else. */
const CONTEXT = 'kith audit head 1:';

export type SignedHead = AuditHead;
export type ChainHead = Omit<SignedHead, 'signature'>;

export function signHead(head: ChainHead, key: SigningKey): SignedHead {
  return { ...head, signature: sign(null, signedBytes(head), key.privateKey).toString('base64') };
}

export function isSignedBy({ signature, ...head }: SignedHead, key: VerifyingKey): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // Base64 has several spellings for the same bytes; here only the one that was written counts
  return bytes.toString('base64') === signature && verify(null, signedBytes(head), key.publicKey, bytes);
}

function signedBytes(head: ChainHead): Buffer {
  return Buffer.from(CONTEXT + canonicalJson({ ...head }));
}

export function headLine(head: SignedHead): Buffer {
  return Buffer.from(`${canonicalJson({ ...head })}\n`);
}

/** Undefined for text that is no head in its canonical form; the signature isn't looked at. */
export function parseHead(text: string): SignedHead | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { chain, seq, hash, segment, offsetBytes, time, signature } = value as Readonly<Record<string, unknown>>;
  if (typeof chain !== 'string' || typeof hash !== 'string') return undefined;
  if (typeof time !== 'string' || typeof signature !== 'string') return undefined;
  if (!isCount(seq) || !isCount(segment) || !isCount(offsetBytes)) return undefined;
  const head = { chain, seq, hash, segment, offsetBytes, time, signature };
  return canonicalJson(head) === text ? head : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** What one chain notes of another when it is opened. */
export type WitnessedHead = Pick<ChainHead, 'chain' | 'seq' | 'hash'>;

/** The heads of other chains that a record of a start holds. */
export function witnessedHeads(others: unknown): readonly WitnessedHead[] {
  if (!Array.isArray(others)) return [];
  return others.filter(
    (head): head is WitnessedHead =>
      typeof head === 'object' &&
      head !== null &&
      typeof head.chain === 'string' &&
      typeof head.hash === 'string' &&
      isCount(head.seq),
  );
}
