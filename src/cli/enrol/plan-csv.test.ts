import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planByCsv } from './plan-csv.ts';

const TEXT_HASH = 'f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2';
const HEAD = 'person,file,consent_method,consent_text,consent_text_hash,consent_by,consent_given,consent_until';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-csv-'));
  await writeFile(join(folder, 'form.txt'), 'test\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function planOf(...lines: readonly string[]) {
  const path = join(folder, 'list.csv');
  await writeFile(path, lines.join('\n'));
  return planByCsv(path, folder);
}

describe('consent in a spreadsheet', () => {
  test('stands in one row of a person and holds for all their photos', async () => {
    const plan = await planOf(
      HEAD,
      'Ann,1.jpg',
      'Ann,2.jpg,signed on paper,form.txt,,,2026-01-02,2033-01-01T08:00:00+02:00',
      `Ben,3.jpg,ticked,,${TEXT_HASH.toUpperCase()},Ben's mother`,
      'Cleo,4.jpg',
    );
    const ann = {
      givenBy: 'Ann',
      method: 'signed on paper',
      textHash: TEXT_HASH,
      givenMs: Date.UTC(2026, 0, 2),
      untilMs: Date.UTC(2033, 0, 1, 6),
    };
    expect(plan.refused).toEqual([]);
    expect(plan.photos.map(({ file, consent }) => [file, consent])).toEqual([
      ['1.jpg', ann],
      ['2.jpg', ann],
      ['3.jpg', { givenBy: "Ben's mother", method: 'ticked', textHash: TEXT_HASH }],
      ['4.jpg', undefined],
    ]);
  });

  test('heads may be spelled as people do; a row may be of consent alone', async () => {
    const plan = await planOf('Person;File;Consent method;Consent-Text', 'Ann;;on paper;form.txt', 'Ann;1.jpg;;');
    expect(plan.photos).toMatchObject([{ file: '1.jpg', consent: { method: 'on paper', textHash: TEXT_HASH } }]);
  });

  test.each([
    ['without saying how', 'Ann,1.jpg,,form.txt', /consent_method/],
    ['without its text', 'Ann,1.jpg,on paper', /consent_text/],
    ['with two texts', `Ann,1.jpg,on paper,form.txt,${TEXT_HASH}`, /either consent_text/],
    ['whose text is not there', 'Ann,1.jpg,on paper,no-such.txt', /no-such\.txt: There is no such file/],
    ['whose text is a folder', 'Ann,1.jpg,on paper,.', /can't be read/],
    ['given on no day', 'Ann,1.jpg,on paper,form.txt,,,2026-02-31', /consent_given is "2026-02-31"/],
    ['given in words', 'Ann,1.jpg,on paper,form.txt,,,yesterday', /It is a date or a time/],
  ])('%s is refused with the reason, and so are the other photos of that person', async (_, row, message) => {
    const plan = await planOf(HEAD, 'Ann,0.jpg', row, 'Ben,2.jpg');
    expect(plan.photos.map(({ personName }) => personName)).toEqual(['Ben']);
    expect(plan.refused.map(({ file, reason }) => [file, reason]).sort()).toEqual([
      ['0.jpg', 'consent-unusable'],
      ['1.jpg', 'consent-unusable'],
    ]);
    expect(plan.refused.map((refusal) => refusal.message).join()).toMatch(message);
  });

  test('of two minds is refused', async () => {
    const plan = await planOf(HEAD, 'Ann,1.jpg,on paper,form.txt', 'Ann,2.jpg,by telephone,form.txt');
    expect(plan.photos).toEqual([]);
    expect(plan.refused).toMatchObject([{ file: '2.jpg', message: expect.stringMatching(/Another row/) }, {}]);
  });

  test('in a column that is not known stops the import: it must not be dropped over a spelling', async () => {
    await expect(planOf('person,file,consent', 'Ann,1.jpg,yes')).rejects.toThrow(/doesn't know: consent\. It knows/);
  });
});

test('a quotation mark that is never closed ends in a sentence, not in memory', async () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => `Ann,${n}.jpg`);
  await expect(planOf('person,file', 'Ann,"1.jpg', ...rows)).rejects.toThrow(/can't be read as CSV/);
});

test('names that a program might know as its own are names', async () => {
  const plan = await planOf('person,file', '__proto__,1.jpg', 'constructor,2.jpg', 'toString,3.jpg');
  expect(plan.photos.map(({ personName }) => personName)).toEqual(['__proto__', 'constructor', 'toString']);
  for (const photo of plan.photos) expect(photo).not.toHaveProperty('consent');
});
