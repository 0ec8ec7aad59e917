// Three families, by the sample photos of a vendor's quickstart.
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type JsonRecord, kith, recordsOf } from '../support/kith-command.ts';

// Each test starts several processes, which load the models
vi.setConfig({ testTimeout: 240_000 });

const folder = fileURLToPath(new URL('../../../shared/photos/family/', import.meta.url));

interface Photo extends JsonRecord {
  readonly file: string;
  readonly faces: readonly {
    readonly outcome: string;
    readonly candidates: readonly { readonly name: string }[];
  }[];
}

describe.skipIf(!existsSync(folder))('the family photos (skipped: they are not beside this checkout)', () => {
  let root: string;
  let env: Record<string, string>;
  let lastPortraits: { readonly person: string; readonly file: string }[];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'kith-family-'));
    env = { KITH_DATA_DIR: join(root, 'data') };
    const portraits = (await readdir(folder)).filter((name) => /^Family.*\d\.jpg$/.test(name)).sort();
    const byPerson = new Map<string, string[]>();
    for (const name of portraits) byPerson.set(personOf(name), [...(byPerson.get(personOf(name)) ?? []), name]);
    lastPortraits = [];
    for (const [person, names] of byPerson) {
      const last = names.length > 1 ? names.pop() : undefined;
      if (last) lastPortraits.push({ person, file: join(folder, last) });
      for (const name of names) await copyFile(join(folder, name), join(root, name));
    }
    const enrolled = await kith(['enrol', root, '-g', 'family', '--pattern', '{person}{n}.jpg'], { env });
    expect(enrolled.code).toBe(0);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('the group photo shows the four of Family1', async () => {
    const { stdout } = await kith(['identify', join(folder, 'identification1.jpg'), '-g', 'family', '--json'], { env });
    const [photo] = recordsOf(stdout) as [Photo];
    expect(photo.faces.map(({ outcome }) => outcome)).toEqual(['match', 'match', 'match', 'match']);
    expect(photo.faces.map(({ candidates }) => candidates[0]?.name).sort()).toEqual([
      'Family1-Dad',
      'Family1-Daughter',
      'Family1-Mom',
      'Family1-Son',
    ]);
  });

  test('the last portrait of each is named rightly', async () => {
    const files = lastPortraits.map(({ file }) => file);
    const { stdout } = await kith(['identify', ...files, '-g', 'family', '--json'], { env });
    const named = (recordsOf(stdout) as Photo[]).map(({ file, faces }) => [
      file,
      faces[0]?.outcome,
      faces[0]?.candidates[0]?.name,
    ]);
    expect(named).toEqual(lastPortraits.map(({ file, person }) => [file, 'match', person]));
  });

  test('the couple of Family3 is found in the one photo that shows them, and nobody in photos of strangers', async () => {
    const files = [1, 2, 3, 4, 5, 6].map((n) => join(folder, `detection${n}.jpg`));
    const { stdout } = await kith(['identify', ...files, '-g', 'family', '--json'], { env });
    const named = (recordsOf(stdout) as Photo[]).map(({ faces }) =>
      faces.filter(({ outcome }) => outcome === 'match').map(({ candidates }) => candidates[0]?.name),
    );
    expect(named).toEqual([[], [], [], [], [], ['Family3-Man', 'Family3-Lady']]);
  });
});

function personOf(name: string): string {
  return name.replace(/\d+\.jpg$/, '');
}
