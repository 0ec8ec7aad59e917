// The receipt of an erasure can be had again: from its record in the audit log, and from nothing that was changed.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { findReceiptFault } from '../../src/audit/erasure-receipt.ts';
import { PUBLIC_KEY_FILE, readPublicKey } from '../../src/audit/signing-key.ts';
import { sweepRetention } from '../../src/core/operations/enforce-retention.ts';
import type { FaceEngine } from '../../src/core/ports.ts';
import { createFaceEngine } from '../../src/vision/face-engine.ts';
import { openTestLog } from '../support/audit-logs.ts';
import { recordsIn } from '../support/audit-records.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const DAY_MS = 86_400_000;
const NOBODY = { persons: 0, keys: 0, templates: 0, photos: 0, consents: 0, snapshotTemplates: 0 };
const gallery = { kind: 'large-person', galleryId: 'club' } as const;

let nowMs: number;
let engine: FaceEngine;
let service: TestService;
let kith: KithHttp;

beforeAll(async () => {
  engine = await createFaceEngine({ processes: 1 });
});
afterAll(() => engine?.close());
beforeEach(async () => {
  nowMs = Date.UTC(2031, 4, 1, 8);
  service = await startService({ engine, clock: { nowMs: () => nowMs++ } });
  kith = kithHttp({ url: service.url, key: service.key });
  await kith.call('PUT', '/galleries/club', { keepPhotos: true, retentionDays: 10 });
});
afterEach(() => service.stop());

async function enrol(name: string, face: 'ann' | 'bob'): Promise<string> {
  const { personId } = (await kith.call('POST', '/galleries/club/people', { name })).body;
  await kith.call('POST', `/galleries/club/people/${personId}/faces?minQuality=low`, await portraitOf(face));
  return personId;
}

const erasures = async (query = '') => (await kith.call('GET', `/erasures${query}`)).body.erasures;
const receiptOf = ({ record }: { record: { chain: string; seq: number } }, api = kith) =>
  api.call('GET', `/erasures/${record.chain}/${record.seq}/receipt`);
const publicKey = () => readPublicKey(join(service.auditFolder, PUBLIC_KEY_FILE));

async function keyOf(tenantId: string, bounds?: { galleries?: string[]; purposes?: string[] }): Promise<KithHttp> {
  const made = { tenantId, label: 'other', permissions: ['audit'] as const, ...(bounds ? { bounds } : {}) };
  return kithHttp({ url: service.url, key: (await service.deps.keys.create(made)).key });
}

/** As an older Kith wrote it, or one that was cut off. */
async function recordErasure(end?: { readonly counts?: Record<string, number> }) {
  const audit = service.deps.auditLog.actingAs({ tenantId: 'home', keyId: 'k' });
  const deed = { action: 'erase-person', gallery, personIds: ['old'] } as const;
  const follows = await audit.record({ ...deed, outcome: 'begun' });
  if (end) await audit.record({ ...deed, ...end, outcome: 'done', follows });
  return follows;
}

/** In place, as the service has the file open. */
async function change(chain: string, before: string, after: string): Promise<void> {
  const path = join(service.auditFolder, chain, '000001.jsonl');
  const at = (await readFile(path)).lastIndexOf(before);
  expect(at).toBeGreaterThan(0);
  const file = await open(path, 'r+');
  await file.write(after, at);
  await file.close();
}

test('says again what the first one said, whoever erased, and can be checked anywhere', async () => {
  const first = (await kith.call('DELETE', `/galleries/club/people/${await enrol('Ann', 'ann')}`)).body;
  const bob = await enrol('Bob', 'bob');
  nowMs += 11 * DAY_MS;
  expect(await sweepRetention(service.deps, new AbortController().signal)).toBe(1);
  const all = (await kith.call('DELETE', '/galleries/club')).body;

  const listed = await erasures();
  expect(listed).toMatchObject([
    { subject: { what: 'gallery', galleryId: 'club' }, cause: 'asked', removed: { persons: 0 } },
    {
      subject: { what: 'person', personId: bob },
      cause: 'retention',
      keyId: 'retention-sweep',
      removed: { photos: 1 },
    },
    { subject: first.receipt.subject, cause: 'asked', removed: first.receipt.removed, record: first.receipt.record },
  ]);
  const key = await publicKey();
  for (const [erasure, given] of [
    [listed[0], all],
    [listed[1], undefined],
    [listed[2], first],
  ]) {
    const { status, body } = await receiptOf(erasure);
    expect(status).toBe(200);
    expect(findReceiptFault(body, key)).toBeUndefined();
    const { issuedAt, ...facts } = body.receipt;
    expect(Date.parse(issuedAt)).toBeGreaterThan(Date.parse(facts.erasedAt));
    if (given) expect(facts).toEqual(given.receipt);
    expect(facts).toMatchObject({ record: erasure.record, subject: erasure.subject, removed: erasure.removed });
    expect(findReceiptFault({ ...body, receipt: { ...body.receipt, issuedAt: facts.erasedAt } }, key)).toMatch(
      /changed/,
    );
  }
  const issued = (await recordsIn(service.auditFolder)).filter(({ action }) => action === 'erasure-receipt');
  expect(issued.map(({ erasure }) => erasure)).toEqual(listed.map(({ record }: { record: object }) => record));
  const published = (await kith.call('GET', '/erasures/public-key')).body;
  expect(published.publicKey).toBe(await readFile(join(service.auditFolder, PUBLIC_KEY_FILE), 'utf8'));
  expect(published.keyFingerprint).toBe(first.signature.keyFingerprint);
});

test('people of a directory are counted too', async () => {
  const call = async (method: string, path: string, body?: object | Buffer) => {
    const isPhoto = Buffer.isBuffer(body);
    const response = await fetch(`${service.url}/face/v1.2-preview.1${path}`, {
      method,
      headers: {
        'ocp-apim-subscription-key': service.key,
        ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
      },
      ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
    });
    expect(response.status).toBe(202);
    return response.text().then((text) => (text ? JSON.parse(text) : {}));
  };
  const { personId } = await call('POST', '/persons', { name: 'Ann' });
  const faces = `/persons/${personId}/recognitionModels/recognition_04/persistedfaces?detectionModel=detection_03`;
  await call('POST', faces, await portraitOf('ann'));
  await call('DELETE', `/persons/${personId}`);
  const [erasure] = await erasures();
  expect(erasure).toMatchObject({
    subject: { galleryKind: 'directory', personId },
    removed: { persons: 1, templates: 1 },
  });
  expect(findReceiptFault((await receiptOf(erasure)).body, await publicKey())).toBeUndefined();
});

test('is refused where the log was changed, however well it looks', async () => {
  const personId = await enrol('Ann', 'ann');
  await kith.call('DELETE', `/galleries/club/people/${personId}`);
  const [erasure] = await erasures();
  // Signed from here on: a change is found out by it
  expect((await receiptOf(erasure)).status).toBe(200);
  await kith.call('GET', '/galleries/club/people');
  const original = '"templates":1';
  await change(erasure.record.chain, original, '"templates":7');
  const [changed] = await erasures();
  expect(changed.removed.templates).toBe(7);
  const refused = await receiptOf(erasure);
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({ code: 'conflict', detail: expect.stringMatching(/not what was written/) });
  expect(refused.body.signature).toBeUndefined();
  // Whose a record is that may have been taken away nobody can say
  expect((await receiptOf({ record: { ...erasure.record, seq: 999_999 } })).status).toBe(409);
  await change(erasure.record.chain, '"templates":7', original);
  expect((await receiptOf(erasure)).status).toBe(200);
});

test('of an older Kith’s record says less, and says so', async () => {
  const chain = (await recordErasure({ counts: { ...NOBODY, persons: 1, templates: 2 } })).chain;
  const [erasure] = await erasures();
  expect(erasure).toMatchObject({ record: { chain }, removed: { templates: 2 } });
  const { body } = await receiptOf(erasure);
  expect(body.receipt).toMatchObject({
    subject: { personId: 'old' },
    removed: { templates: 2 },
    erasedAt: erasure.erasedAt,
  });
  expect(body.receipt.notOnRecord).toEqual(['receiptId', 'unconfirmedNodes']);
  expect(body.receipt).not.toHaveProperty('receiptId');
  expect(findReceiptFault(body, await publicKey())).toBeUndefined();

  await recordErasure({});
  const [uncounted] = await erasures();
  expect(uncounted).not.toHaveProperty('removed');
  const less = (await receiptOf(uncounted)).body;
  expect(less.receipt.notOnRecord).toEqual(['receiptId', 'removed', 'unconfirmedNodes']);
  expect(findReceiptFault(less, await publicKey())).toBeUndefined();
});

test('is not had of what was begun and has no end on record, of other deeds, or of nothing', async () => {
  const cutOff = await recordErasure();
  const refused = await receiptOf({ record: cutOff });
  expect(refused).toMatchObject({
    status: 409,
    body: { detail: expect.stringMatching(/how it ended is not on record/) },
  });
  expect(await erasures()).toEqual([]);
  expect((await kith.call('DELETE', '/galleries/club/people/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  const ofNobody = (await recordsIn(service.auditFolder)).findLast(({ outcome }) => outcome === 'refused');
  const { chain, seq } = (ofNobody?.follows ?? {}) as { chain: string; seq: number };
  expect(seq).toBeGreaterThan(0);
  for (const record of [
    { chain, seq },
    { chain: cutOff.chain, seq: 1 },
    { chain: cutOff.chain, seq: 1_000_000 },
    { chain: '0009-00000000', seq: 1 },
    { chain: '..%2F..%2Faudit', seq: 1 },
  ]) {
    const { status, body } = await receiptOf({ record });
    expect(status, JSON.stringify(record)).toBe(404);
    expect(body.code).toBe('erasure-not-found');
  }
  for (const seq of ['0', '-1', '1.5', 'x', '1e99']) {
    expect((await kith.call('GET', `/erasures/${chain}/${seq}/receipt`)).status, seq).toBe(400);
  }
});

test('what another process wrote counts once it is signed', async () => {
  const log = await openTestLog(service.auditFolder, { part: 'command-line' });
  const audit = log.actingAs({ tenantId: 'home', keyId: 'command-line' });
  const follows = await audit.record({ action: 'erase-gallery', outcome: 'begun', gallery });
  await audit.record({ action: 'erase-gallery', outcome: 'done', gallery, follows, counts: NOBODY });
  const [erasure] = await erasures();
  expect(erasure).toMatchObject({ keyId: 'command-line', record: { chain: log.chain } });
  expect((await receiptOf(erasure)).body).toMatchObject({ code: 'unavailable' });
  await log.close();
  expect((await receiptOf(erasure)).status).toBe(200);
});

test('another tenant’s is nobody’s, and a key that is bound to galleries knows of theirs only', async () => {
  await kith.call('PUT', '/galleries/staff', { purpose: 'opening doors' });
  await kith.call('DELETE', `/galleries/club/people/${await enrol('Ann', 'ann')}`);
  const { personId } = (await kith.call('POST', '/galleries/staff/people', { name: 'Bo' })).body;
  await kith.call('DELETE', `/galleries/staff/people/${personId}`);
  const [ofStaff, ofClub] = await erasures();
  expect(await erasures('?gallery=club')).toEqual([ofClub]);
  expect(await erasures(`?personId=${personId}`)).toEqual([ofStaff]);

  const elsewhere = await keyOf('elsewhere');
  expect((await elsewhere.call('GET', '/erasures')).body.erasures).toEqual([]);
  const theirs = await receiptOf(ofClub, elsewhere);
  const nobodys = await receiptOf({ record: { ...ofClub.record, seq: 999_999 } }, elsewhere);
  expect(theirs.status).toBe(404);
  expect(theirs.body.code).toBe(nobodys.body.code);

  for (const bounds of [{ galleries: ['staff'] }, { purposes: ['opening doors'] }]) {
    const bound = await keyOf('home', bounds);
    expect((await bound.call('GET', '/erasures')).body.erasures).toEqual([ofStaff]);
    expect((await bound.call('GET', '/erasures?gallery=club')).body.erasures).toEqual([]);
    expect((await receiptOf(ofStaff, bound)).status).toBe(200);
    expect((await receiptOf(ofClub, bound)).body.code).toBe('erasure-not-found');
  }
});

test('a long list comes in pages', async () => {
  for (let i = 0; i < 7; i++) await recordErasure({ counts: NOBODY });
  const seen: number[] = [];
  let next: string | undefined;
  do {
    const page = (await kith.call('GET', `/erasures?limit=3${next ? `&before=${next}` : ''}`)).body;
    expect(page.otherNodes).toEqual([]);
    seen.push(...page.erasures.map(({ record }: { record: { seq: number } }) => record.seq));
    next = page.next;
  } while (next !== undefined);
  expect(seen).toHaveLength(7);
  expect(seen).toEqual([...seen].sort((a, b) => b - a));
  expect((await kith.call('GET', '/erasures?before=nonsense')).status).toBe(400);
});
