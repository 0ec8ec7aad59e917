// What the audit log has of somebody, and everything that is held about them, for who may ask.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const NAME = 'Ann <img src=x onerror=alert(1)> "O’Hara"';

let service: TestService;
let personId: string;
let otherId: string;

async function send(method: string, url: string, body?: object | Buffer, headers: Record<string, string> = {}) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(service.url + url, {
    method,
    headers: {
      authorization: `Bearer ${service.key}`,
      ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
      ...headers,
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

beforeAll(async () => {
  service = await startService();
  await send('PUT', '/v1/galleries/club', { purpose: 'the door', lawfulBasis: 'consent', retentionDays: 90 });
  personId = (await send('POST', '/v1/galleries/club/people', { name: NAME, userData: 'card 7' })).json.personId;
  otherId = (await send('POST', '/v1/galleries/club/people', { name: 'Bob' })).json.personId;
  await send('PUT', `/v1/galleries/club/people/${personId}/consent`, {
    givenBy: 'Ann',
    method: 'on paper',
    textHash: 'ab'.repeat(32),
  });
  for (const [id, who] of [
    [personId, 'ann'],
    [otherId, 'bob'],
  ] as const) {
    await send('POST', `/v1/galleries/club/people/${id}/faces?minQuality=low`, await portraitOf(who));
  }
  await send('POST', '/v1/identify?gallery=club', await portraitOf('ann'));
  await send('POST', '/v1/identify?gallery=club', await portraitOf('bob'));
});
afterAll(() => service?.stop());

describe('a person’s record', () => {
  test('has what is held, and every use that named them, without whom else it named', async () => {
    const { status, json, text } = await send('GET', `/v1/persons/${personId}/record`);
    expect(status).toBe(200);
    expect(json.usesAreComplete).toBe(true);
    const [held] = json.held;
    expect(held).toMatchObject({
      name: NAME,
      userData: 'card 7',
      gallery: { galleryId: 'club', purpose: 'the door', lawfulBasis: 'consent', retentionDays: 90 },
      consent: { state: 'given', givenBy: 'Ann' },
      groups: [],
      snapshots: [],
    });
    expect(held.faces).toHaveLength(1);
    expect(Date.parse(held.erasedAfter) - Date.parse(held.lastUsedAt)).toBe(90 * 86_400_000);
    const actions = json.uses.map(({ action }: { action: string }) => action);
    expect(actions).toContain('enrol');
    expect(actions).toContain('consent-give');
    const searches = json.uses.filter(({ action }: { action: string }) => action === 'search');
    expect(searches).toHaveLength(1);
    expect(searches[0].score).toBeGreaterThan(0.9);
    expect(text).not.toContain(otherId);
    // Asking is itself on record, and in the next answer
    const again = await send('GET', `/v1/persons/${personId}/record`);
    expect(again.json.uses).toHaveLength(json.uses.length + 1);
    expect(again.json.uses[0].action).toBe('person-read');
  });

  test('is a page for who asks for one, and a name in it is text', async () => {
    for (const [url, headers] of [
      [`/v1/persons/${personId}/record`, { accept: 'text/html,*/*' }],
      [`/v1/persons/${personId}/record?format=html`, {}],
    ] as const) {
      const page = await send('GET', url, undefined, { ...headers });
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.text).toContain('&lt;img src=x onerror=alert(1)&gt; &quot;O’Hara&quot;');
      expect(page.text).not.toContain('<img');
      expect(page.text).toContain('the door');
    }
  });

  test('of nobody is not found', async () => {
    const { status, json } = await send('GET', '/v1/persons/00000000-0000-4000-8000-000000000000/record');
    expect(status).toBe(404);
    expect(json.code).toBe('person-not-found');
  });
});

describe('the log over /v1', () => {
  test('goes back page by page and loses nothing', async () => {
    const all = (await send('GET', '/v1/audit?limit=1000')).json;
    expect(all.next).toBeUndefined();
    expect(all.records.length).toBeGreaterThan(12);
    const paged: object[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: { records: object[]; next?: string } = (
        await send('GET', `/v1/audit?limit=5${next === '' ? '' : `&before=${next}`}`)
      ).json;
      paged.push(...page.records);
      next = page.next;
    }
    expect(paged).toEqual(all.records);
    const seqs = all.records.map(({ seq }: { seq: number }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
  });

  test('tells one person’s, one deed’s and one hour’s', async () => {
    const ofOther = (await send('GET', `/v1/audit?personId=${otherId}&action=search`)).json.records;
    expect(ofOther).toHaveLength(1);
    expect(ofOther[0].named[0][0].personId).toBe(otherId);
    expect(ofOther[0]).toMatchObject({ outcome: 'done', gallery: { galleryId: 'club' } });
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await send('GET', `/v1/audit?from=${later}`)).json.records).toEqual([]);
    expect((await send('GET', `/v1/audit?until=${later}&action=gallery-create`)).json.records).not.toEqual([]);
  });

  test('refuses a place that is none', async () => {
    for (const before of [
      'x',
      Buffer.from('[]').toString('base64url'),
      Buffer.from('{"a":"b"}').toString('base64url'),
    ]) {
      expect((await send('GET', `/v1/audit?before=${before}`)).status).toBe(400);
    }
  });

  test('says whether it was changed', async () => {
    expect((await send('GET', '/v1/audit/status')).json).toEqual({ state: 'unchecked', faults: [] });
    const checked = (await send('POST', '/v1/audit/check')).json;
    expect(checked).toMatchObject({ state: 'intact', faults: [] });
    expect(Date.parse(checked.coversUntil)).toBeGreaterThan(Date.now() - 60_000);
    expect((await send('GET', '/v1/audit/status')).json).toEqual(checked);
  });
});
