// Tenants by command, over the built program and a data directory of its own; and what anybody may read without a key.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordsOf, kith as runKith } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

describe('kith tenants', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kith-tenants-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const kith = (...args: string[]) => runKith([...args, '--data-dir', join(folder, 'data')]);

  test('makes one with two keys, lists it, and erases it with its keys', async () => {
    const made = await kith('tenants', 'create', 'north', '--json');
    expect(made.code, made.stderr).toBe(0);
    expect(recordsOf(made.stdout).map(({ label }) => label)).toEqual(['key1', 'key2']);
    expect((await kith('tenants', 'create', 'north')).code).toBe(2);
    expect((await kith('tenants', 'create', '../north')).code).toBe(2);

    const own = await kith(
      'keys',
      'create',
      '--tenant',
      'north',
      '--permission',
      'search',
      '--gallery',
      'club',
      '--json',
    );
    expect(own.code, own.stderr).toBe(0);
    const listed = await kith('keys', 'list', '--tenant', 'north', '--json');
    expect(listed.stdout.trim().split('\n')).toHaveLength(3);
    expect(listed.stdout).toContain('"galleries":["club"]');
    expect((await kith('keys', 'list', '--json')).stdout.trim()).toBe('');
    expect((await kith('tenants', 'list', '--json')).stdout).toContain('"tenantId":"north","keys":3');

    expect((await kith('tenants', 'delete', 'north')).code).toBe(2);
    const erased = await kith('tenants', 'delete', 'north', '--yes', '--json');
    expect(erased.code, erased.stderr).toBe(0);
    const receipt = JSON.parse(erased.stdout);
    expect(receipt.receipt.subject).toEqual({ what: 'tenant' });
    await writeFile(join(folder, 'receipt.json'), erased.stdout);
    expect((await kith('tenants', 'list', '--json')).stdout.trim()).toBe('');
    const verified = await kith('erasure', 'verify', join(folder, 'receipt.json'));
    expect(verified.stdout + verified.stderr).toContain('the tenant north was erased');
  }, 60_000);
});

describe('in the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ policy: { operator: 'The <Club>', contact: 'privacy@club.example' } });
  });
  afterAll(() => service?.stop());

  const send = async (
    key: string | undefined,
    method: string,
    url: string,
    body?: object | Buffer,
    accept?: string,
  ) => {
    const isPhoto = Buffer.isBuffer(body);
    const response = await fetch(service.url + url, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(accept === undefined ? {} : { accept }),
        ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
      },
      ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  test('a tenant that is erased leaves nothing, and its keys open nothing', async () => {
    const { key } = await service.deps.keys.create({ tenantId: 'north', label: 'x', permissions: ['admin'] });
    await send(key, 'PUT', '/v1/galleries/club', { keepPhotos: true });
    const { personId } = JSON.parse((await send(key, 'POST', '/v1/galleries/club/people', { name: 'Ann' })).text);
    const face = `/v1/galleries/club/people/${personId}/faces?minQuality=low`;
    expect((await send(key, 'POST', face, await portraitOf('ann'))).status).toBe(201);
    await send(service.key, 'PUT', '/v1/galleries/club', {});
    const galleryNo = (
      await service.deps.store.getGallery({ tenantId: 'north', kind: 'large-person', galleryId: 'club' })
    ).galleryNo;
    const removed = await service.deps.store.deleteTenant('north');
    await service.deps.follower.catchUp();
    expect(removed).toMatchObject({ persons: 1, templates: 1, photos: 1 });
    expect((await service.deps.index.size(galleryNo)).enrolments).toBe(0);
    expect(await service.deps.store.listTenants()).toMatchObject([{ tenantId: 'home', galleries: 1 }]);
    await expect.poll(async () => (await send(key, 'GET', '/v1/galleries')).status, { timeout: 3000 }).toBe(401);
    expect((await send(service.key, 'GET', '/v1/galleries/club')).status).toBe(200);
  });

  test('the biometric policy says what the settings say, to anybody, and nothing of whom', async () => {
    await send(service.key, 'PUT', '/v1/galleries/members-of-1987', {
      name: 'Members',
      purpose: 'Opening the <door>',
      lawfulBasis: 'consent, GDPR Art. 9(2)(a)',
      retentionDays: 90,
      consentPolicy: 'required',
    });
    await expect
      .poll(async () => (await send(undefined, 'GET', '/.well-known/biometric-policy')).text, { timeout: 15_000 })
      .toContain('Opening the');
    const { status, text } = await send(undefined, 'GET', '/.well-known/biometric-policy');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      operator: 'The <Club>',
      contact: 'privacy@club.example',
      uses: expect.arrayContaining([
        {
          purpose: 'Opening the <door>',
          lawfulBasis: 'consent, GDPR Art. 9(2)(a)',
          retentionDays: 90,
          consentPolicy: 'required',
          photos: 'Photos are not kept.',
        },
      ]),
      models: [expect.objectContaining({ model: 'fast' })],
    });
    expect(text).not.toMatch(/members|Members|home/);
    const page = await send(undefined, 'GET', '/.well-known/biometric-policy', undefined, 'text/html');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).toContain('Opening the &lt;door&gt;');
    expect(page.text).toContain('The &lt;Club&gt;');
  }, 30_000);
});

test('no file of a data directory with two tenants names either but the database and the log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kith-tenants-'));
  try {
    for (const tenant of ['northern-tenant', 'southern-tenant']) {
      await runKith(['tenants', 'create', tenant, '--data-dir', folder]);
    }
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of names.filter((entry) => entry.isFile())) {
      const bytes = await readFile(join(entry.parentPath, entry.name), 'latin1');
      if (/northern-tenant/.test(bytes)) expect(entry.name).toMatch(/^kith\.db|\.jsonl$/);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
