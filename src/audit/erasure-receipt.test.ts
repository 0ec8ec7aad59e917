import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErasedThing, ErasureReceipt, SignedReceipt } from '../core/erasure-types.ts';
import { findReceiptFault, openReceiptSigner } from './erasure-receipt.ts';
import { PUBLIC_KEY_FILE, readPublicKey, type VerifyingKey } from './signing-key.ts';

const RECEIPT: ErasureReceipt<ErasedThing> = {
  receiptId: '00000000-0000-4000-8000-000000000001',
  erasedAt: '2031-05-01T08:00:00.000Z',
  tenantId: 'default',
  subject: { what: 'person', galleryKind: 'large-person', galleryId: 'club', personId: 'p' },
  removed: { persons: 1, keys: 1, templates: 2, photos: 0, consents: 1, snapshotTemplates: 0 },
  record: { chain: 'a', seq: 7 },
};

let folder: string;
let signed: SignedReceipt;
let key: VerifyingKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-receipt-'));
  signed = (await openReceiptSigner(folder)).sign(RECEIPT);
  key = await readPublicKey(join(folder, PUBLIC_KEY_FILE));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a receipt is as it was signed, whatever order its members came in', () => {
  expect(findReceiptFault(signed, key)).toBeUndefined();
  const { receipt, signature } = signed;
  const reordered = Object.fromEntries(Object.entries(receipt).reverse());
  expect(findReceiptFault(JSON.parse(JSON.stringify({ signature, receipt: reordered })), key)).toBeUndefined();
});

test.each<[string, (signed: SignedReceipt) => unknown, RegExp]>([
  ['another count', ({ receipt, ...rest }) => ({ ...rest, receipt: { ...receipt, removed: {} } }), /changed/],
  ['another person', ({ receipt, ...rest }) => ({ ...rest, receipt: { ...receipt, tenantId: 'x' } }), /changed/],
  ['another signature', (s) => ({ ...s, signature: { ...s.signature, value: 'AAAA' } }), /changed/],
  ['another key', (s) => ({ ...s, signature: { ...s.signature, keyFingerprint: 'ab' } }), /another key/],
  ['nothing of the kind', () => ({ hello: 1 }), /no erasure receipt/],
  ['null', () => null, /no erasure receipt/],
])('one with %s is not', (_what, change, fault) => {
  expect(findReceiptFault(change(signed), key)).toMatch(fault);
});
