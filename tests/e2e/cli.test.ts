// The command as a user runs it: real processes, real photos, a data directory that is thrown away.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type JsonRecord, kith, linesOf, recordsOf } from '../support/kith-command.ts';
import { portraitOf, samplePhoto } from '../support/photos.ts';

// Each test starts several processes, which load the models
vi.setConfig({ testTimeout: 240_000 });

let root: string;
let photos: { readonly ann: Buffer; readonly annElsewhere: Buffer; readonly bob: Buffer; readonly cleo: Buffer };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-cli-'));
  const [ann, annElsewhere, bob, cleo] = await Promise.all(
    (['ann', 'annElsewhere', 'bob', 'cleo'] as const).map(portraitOf),
  );
  photos = { ann, annElsewhere, bob, cleo } as typeof photos;
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function newFolder(name: string, files: Readonly<Record<string, Uint8Array | string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(root, `${name}-`));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

const env = (dataDir: string) => ({ KITH_DATA_DIR: dataDir });
const ofType = (stdout: string, type: string): JsonRecord[] => recordsOf(stdout).filter((line) => line.type === type);

describe('people enrolled from a folder each', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await newFolder('data');
    const people = await newFolder('people', { 'Ann/1.jpg': photos.ann, 'Cleo Östlund/deep/er/2.jpg': photos.cleo });
    const result = await kith(['enrol', people, '--gallery', 'family'], { env: env(dataDir) });
    expect(result).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Enrolled 2 photos of 2 people in "family"'),
    });
  });

  test('are named in another photo, and strangers are not', async () => {
    const picture = join(root, 'named.png');
    const file = join(await newFolder('photo', { 'party.jpg': samplePhoto(3) }), 'party.jpg');
    const table = await kith(['identify', file, '-g', 'family', '--annotate', picture], { env: env(dataDir) });
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/party\.jpg: 3 faces/);
    expect(table.stdout).toMatch(/Ann +very likely +(< 1 in 1M|1 in [\d.]+K)/);
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'png', width: 1920, height: 1350 });

    const json = await kith(['identify', '-', '--gallery', 'family', '--json'], {
      env: env(dataDir),
      input: samplePhoto(3),
    });
    expect(json).toMatchObject({ code: 0, stderr: '' });
    const [photo] = recordsOf(json.stdout) as [JsonRecord & { faces: FaceRecord[] }];
    expect(photo).toMatchObject({ type: 'photo', file: '-', widthPx: 1920, heightPx: 1350 });
    expect(photo.faces).toHaveLength(3);
    const matches = photo.faces.filter(({ outcome }) => outcome === 'match');
    expect(matches.map(({ candidates }) => candidates[0]?.name)).toEqual(['Ann']);
    // She stands in the middle
    expect(matches[0]?.box.leftPx).toBeGreaterThan(1000);
    expect(matches[0]?.box.leftPx).toBeLessThan(1150);
  });

  test('and who searched for them, are on record in a chain that verifies until it is changed', async () => {
    const file = join(await newFolder('photo', { 'again.jpg': photos.annElsewhere }), 'again.jpg');
    await kith(['identify', file, '-g', 'family'], { env: env(dataDir) });
    expect((await kith(['audit', 'verify'], { env: env(dataDir) })).code).toBe(0);
    const { stdout } = await kith(['audit', 'export'], { env: env(dataDir) });
    const done = linesOf(stdout).filter(({ outcome }) => outcome === 'done');
    expect(done.filter(({ action }) => action === 'enrol')).toHaveLength(2);
    expect(done).toContainEqual(expect.objectContaining({ action: 'search', keyId: 'command-line' }));
    expect(stdout).not.toContain('Ann');

    const folder = join(dataDir, 'audit');
    const [segment = ''] = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.jsonl'));
    const pristine = await readFile(join(folder, segment), 'utf8');
    await writeFile(join(folder, segment), pristine.replace('"action":"use-end"', '"action":"use-And"'));
    expect((await kith(['audit', 'verify'], { env: env(dataDir) })).code).toBe(1);
    await writeFile(join(folder, segment), pristine);
    expect((await kith(['audit', 'verify'], { env: env(dataDir) })).code).toBe(0);
  });

  test('are listed, in any order of options, and a reader may close the pipe early', async () => {
    const { code, stdout } = await kith(['--json', 'people', 'list', '-g', 'family'], { env: env(dataDir) });
    expect(code).toBe(0);
    expect(recordsOf(stdout).map(({ name, faces }) => [name, faces])).toEqual(
      expect.arrayContaining([
        ['Ann', 1],
        ['Cleo Östlund', 1],
      ]),
    );
    const galleries = await kith(['gallery', 'list', '--json'], { env: env(dataDir) });
    expect(recordsOf(galleries.stdout)).toMatchObject([
      { galleryId: 'family', kind: 'large-person', people: 2, faces: 2, recognitionModel: 'recognition_04' },
    ]);
  });

  test('are not named below the threshold that was asked for', async () => {
    const { stdout } = await kith(['identify', '-', '-g', 'family', '--json', '--threshold', '1'], {
      env: env(dataDir),
      input: samplePhoto(3),
    });
    const [photo] = recordsOf(stdout) as [JsonRecord & { faces: FaceRecord[] }];
    expect(photo.faces.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
  });

  test('colour only where it is wanted', async () => {
    const args = ['people', 'list', '-g', 'family'];
    const escapeCode = '\u001b[';
    const run = async (extra: Record<string, string>) =>
      (await kith(args, { env: { ...env(dataDir), ...extra } })).stdout.includes(escapeCode);
    expect(await run({})).toBe(false);
    expect(await run({ FORCE_COLOR: '1' })).toBe(true);
    expect(await run({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  });

  test('a gallery that is not there is named, and those that are', async () => {
    const result = await kith(['identify', 'x.jpg', '-g', 'famly'], { env: env(dataDir) });
    const stderr = 'kith: There is no gallery "famly". Did you mean family? There are: family.\n';
    expect(result).toMatchObject({ code: 2, stderr });
    const other = await kith(['people', 'list', '-g', 'staff'], { env: env(dataDir) });
    expect(other).toMatchObject({ code: 2, stderr: 'kith: There is no gallery "staff"; there are: family.\n' });
  });
});

interface FaceRecord {
  readonly outcome: string;
  readonly box: { readonly leftPx: number };
  readonly candidates: readonly { readonly name: string; readonly confidence: number }[];
}

describe('two photos compared', () => {
  test('of one woman and of two', async () => {
    const folder = await newFolder('pair', { 'a.jpg': photos.ann, 'b.jpg': photos.annElsewhere, 'c.jpg': photos.bob });
    const dataDir = join(root, 'never-made');
    const same = await kith(['verify', join(folder, 'a.jpg'), join(folder, 'b.jpg')], { env: env(dataDir) });
    expect(same).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Very likely the same person/) });
    const other = await kith(['verify', join(folder, 'a.jpg'), '-', '--json'], {
      env: env(dataDir),
      input: photos.bob,
    });
    expect(recordsOf(other.stdout)).toMatchObject([{ type: 'verification', samePerson: false, outcome: 'unknown' }]);
    // It keeps nothing, so it makes nothing either
    await expect(readFile(dataDir)).rejects.toThrow('ENOENT');
  });

  test('a photo of several is refused by name, unless the largest face is asked for', async () => {
    const folder = await newFolder('pair', { 'group.jpg': samplePhoto(1), 'a.jpg': photos.ann });
    const args = ['verify', join(folder, 'group.jpg'), join(folder, 'a.jpg')];
    const refused = await kith(args);
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/group\.jpg: .*3 faces.*--largest-face/),
    });
    expect(await kith([...args, '--largest-face'])).toMatchObject({ code: 0 });
  });
});

test('detect counts faces, says what each is worth and draws them', async () => {
  const folder = await newFolder('detect', {
    'a.jpg': samplePhoto(1),
    'b.jpg': await plainPhoto(),
    'c.txt': 'no photo',
  });
  const pictures = join(folder, 'drawn');
  const files = ['a.jpg', 'b.jpg', 'c.txt'].map((name) => join(folder, name));
  const { code, stdout } = await kith(['detect', ...files, '--json', '--annotate', pictures]);
  expect(code).toBe(1);
  const records = recordsOf(stdout) as (JsonRecord & { faces: { quality: { level: string } }[] })[];
  expect(records.map(({ type }) => type)).toEqual(['photo', 'photo', 'refused']);
  expect(records[0]?.faces).toHaveLength(3);
  expect(records[0]?.faces.map(({ quality }) => quality.level)).toContain('high');
  expect(records[1]?.faces).toEqual([]);
  expect(records[2]).toMatchObject({ reason: 'undecodable', advice: expect.any(String) });
  expect(await sharp(join(pictures, 'a.faces.png')).metadata()).toMatchObject({ width: 1920 });
});

test('every photo that is refused says why and what would help, and the rest is enrolled', async () => {
  const dataDir = await newFolder('data');
  const outside = await newFolder('outside', { 'secret.jpg': photos.bob });
  const longName = 'n'.repeat(129);
  const people = await newFolder('people', {
    'Ann/good.jpg': photos.ann,
    'Ann/good copy.jpg': photos.ann,
    'Ann/.hidden.jpg': photos.bob,
    'Ann/notes.txt': 'not a photo',
    'Ann/phone.heic': 'ftypheic',
    'Ann/empty.jpg': '',
    'Ann/text.jpg': 'not a photo, whatever its name says',
    'Ann/cut.jpg': photos.ann.subarray(0, photos.ann.length / 2),
    'Ann/bomb.png': await pngHeader(20_000, 20_000),
    'Ann/=cmd.jpg': await plainPhoto(),
    'Ann/group.jpg': samplePhoto(1),
    'Ann/blurred.jpg': await sharp(photos.annElsewhere).resize(24).png().toBuffer(),
    [`${longName}/1.jpg`]: photos.bob,
    // One name as two systems spell it
    'Zoe\u0308/1.jpg': photos.cleo,
    'Zo\u00eb/2.jpg': await sharp(photos.cleo).modulate({ brightness: 1.1 }).jpeg().toBuffer(),
    'stray.jpg': photos.bob,
  });
  await mkdir(join(people, 'Nobody'));
  await symlink(join(outside, 'secret.jpg'), join(people, 'Ann/link.jpg'));
  await symlink(outside, join(people, 'Linked'));
  const report = join(people, 'report.csv');

  const result = await kith(['enrol', people, '-g', 'club', '--json', '--report', report], { env: env(dataDir) });
  expect(result.code).toBe(1);
  const reasons = Object.fromEntries(ofType(result.stdout, 'refused').map(({ file, reason }) => [file, reason]));
  expect(reasons).toEqual({
    'Ann/phone.heic': 'format-unsupported',
    'Ann/empty.jpg': 'too-few-bytes',
    'Ann/text.jpg': 'undecodable',
    'Ann/cut.jpg': 'undecodable',
    'Ann/bomb.png': 'too-many-pixels',
    'Ann/=cmd.jpg': 'no-face',
    'Ann/group.jpg': 'several-faces',
    'Ann/blurred.jpg': expect.stringMatching(/^(low-quality|no-face)$/),
    [`${longName}/1.jpg`]: 'name-unusable',
  });
  for (const { message, advice } of ofType(result.stdout, 'refused')) {
    expect(message).toMatch(/\.$/);
    expect(String(advice).length).toBeGreaterThan(20);
  }
  const people2 = ofType(result.stdout, 'enrolled').map(({ person }) => person);
  expect(people2.sort()).toEqual(['Ann', 'Zo\u00eb', 'Zo\u00eb']);
  expect(ofType(result.stdout, 'already-enrolled')).toHaveLength(1);
  expect(ofType(result.stdout, 'summary')).toMatchObject([
    { enrolled: 3, alreadyEnrolled: 1, refused: 9, people: 2, trained: true, interrupted: false },
  ]);
  for (const aside of ['lead out of the folder', 'links to folders', 'without a photo', 'no person’s folder']) {
    expect(result.stderr).toContain(aside);
  }
  const csv = await readFile(report, 'utf8');
  expect(csv.split('\n')[0]).toBe('file,person,result,reason,message,advice,personId,faceId');
  expect(csv).toContain('Ann/=cmd.jpg,Ann,refused,no-face');
  expect(csv.trim().split('\n')).toHaveLength(1 + 3 + 1 + 9);
});

test('a face of lower quality than asked for is refused, and says what is wrong with it', async () => {
  const small = await sharp(photos.annElsewhere).resize(40).png().toBuffer();
  const people = await newFolder('people', { 'Ann/small.png': await sharp(small).resize(400).png().toBuffer() });
  const dataDir = await newFolder('data');
  const result = await kith(['enrol', people, '-g', 'club', '--min-quality', 'high'], { env: env(dataDir) });
  expect(result).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/of (low|medium) quality.*(blurred|indistinct)/),
  });
  expect(result.stdout).toContain('--min-quality');
  // Somebody without a usable photo is not made
  const people2 = await kith(['people', 'list', '-g', 'club', '--json'], { env: env(dataDir) });
  expect(people2).toMatchObject({ code: 0, stdout: '' });
});

test('a dry run looks at every photo and writes nothing', async () => {
  const dataDir = await newFolder('data');
  const people = await newFolder('people', { 'ann_1.jpg': photos.ann, 'bob_1.jpg': await plainPhoto() });
  const args = ['enrol', people, '-g', 'club', '--pattern', '{person}_{n}.jpg'];
  const dry = await kith([...args, '--dry-run', '--json'], { env: env(dataDir) });
  expect(dry.code).toBe(1);
  expect(
    recordsOf(dry.stdout)
      .map(({ type }) => type)
      .sort(),
  ).toEqual(['refused', 'summary', 'usable']);
  const galleries = await kith(['gallery', 'list', '--json'], { env: env(dataDir) });
  expect(galleries.stdout).toBe('');
});

test('a spreadsheet tells whose photo is which', async () => {
  const dataDir = await newFolder('data');
  const folder = await newFolder('sheet', {
    'photos/1.jpg': photos.ann,
    'photos/2.jpg': photos.cleo,
    'members.csv':
      '\ufeffFile;Person;Joined\r\nphotos/1.jpg;Ann;2020\r\nphotos/2.jpg;Cleo\r\nphotos/3.jpg;Dan\r\n;\r\n',
    'wrong.csv': 'name,photo\nAnn,photos/1.jpg\n',
  });
  const result = await kith(['enrol', '-g', 'club', '--csv', join(folder, 'members.csv'), '--json'], {
    env: env(dataDir),
  });
  expect(result.code).toBe(1);
  expect(
    ofType(result.stdout, 'enrolled')
      .map(({ person }) => person)
      .sort(),
  ).toEqual(['Ann', 'Cleo']);
  expect(ofType(result.stdout, 'refused')).toMatchObject([
    { file: 'photos/3.jpg', person: 'Dan', reason: 'unreadable' },
  ]);
  const wrong = await kith(['enrol', '-g', 'club', '--csv', join(folder, 'wrong.csv')], { env: env(dataDir) });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('missing: person, file') });
});

test('a spreadsheet puts consents on record, once, and takes no withdrawal back', async () => {
  const dataDir = await newFolder('data');
  const folder = await newFolder('sheet', {
    'form.txt': 'I agree to be recognised at the door.',
    '1.jpg': photos.ann,
    '2.jpg': photos.annElsewhere,
    '3.jpg': photos.cleo,
    '4.jpg': photos.bob,
    'members.csv': [
      'person,file,consent_method,consent_text,consent_until',
      'Ann,1.jpg,signed on paper,form.txt,2099-01-01',
      'Ann,2.jpg',
      'Cleo,3.jpg',
      'Bob,4.jpg,signed on paper,form.txt,2001-01-01',
      '',
    ].join('\n'),
  });
  const command = (...args: string[]) => kith([...args, '--json'], { env: env(dataDir) });
  await command('gallery', 'create', 'club', '--consent-policy', 'required');
  const args = ['enrol', '-g', 'club', '--csv', join(folder, 'members.csv'), '--min-quality', 'low'];

  const reasons = (stdout: string) => ofType(stdout, 'refused').map(({ person, reason }) => [person, reason]);
  const refusals = [
    ['Bob', 'consent-unusable'],
    ['Cleo', 'consent-required'],
  ];
  const dry = await command(...args, '--dry-run');
  expect(reasons(dry.stdout).sort()).toEqual(refusals);
  expect(await command('people', 'list', '-g', 'club')).toMatchObject({ stdout: '' });

  const first = await command(...args);
  expect(first.code).toBe(1);
  expect(reasons(first.stdout).sort()).toEqual(refusals);
  expect(ofType(first.stdout, 'consent-given')).toMatchObject([
    { method: 'signed on paper', givenBy: 'Ann', until: '2099-01-01T00:00:00.000Z' },
  ]);
  expect(ofType(first.stdout, 'summary')).toMatchObject([{ enrolled: 2, consents: 1, refused: 2 }]);
  const due = await command('consent', 'list', '--due', '2099-12-31');
  expect(recordsOf(due.stdout)).toMatchObject([{ name: 'Ann', state: 'given' }]);

  const again = await command(...args);
  expect(ofType(again.stdout, 'summary')).toMatchObject([{ alreadyEnrolled: 2, consents: 0 }]);
  await command('consent', 'withdraw', 'Ann', '-g', 'club');
  const after = await command(...args);
  expect(reasons(after.stdout)).toContainEqual(['Ann', 'consent-required']);
  expect(ofType(after.stdout, 'summary')).toMatchObject([{ consents: 0, refused: 4 }]);
});

async function plainPhoto(): Promise<Buffer> {
  return sharp({ create: { width: 640, height: 480, channels: 3, background: '#4a7' } })
    .jpeg()
    .toBuffer();
}

/** The beginning of a PNG that claims a size: enough for a decoder to ask for gigabytes. */
async function pngHeader(widthPx: number, heightPx: number): Promise<Buffer> {
  const small = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } })
    .png()
    .toBuffer();
  const forged = Buffer.from(small);
  forged.writeUInt32BE(widthPx, 16);
  forged.writeUInt32BE(heightPx, 20);
  const { crc32 } = await import('node:zlib');
  forged.writeUInt32BE(crc32(forged.subarray(12, 29)), 29);
  return forged;
}
