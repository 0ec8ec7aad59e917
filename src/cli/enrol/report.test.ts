import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { openReport } from './report.ts';

test('rows keep their shape whatever names hold, and no cell is a formula', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kith-report-')), 'report.csv');
  const report = await openReport(path);
  const names = ['=cmd|calc', '+1', '-1', '@sum', '\tx', 'comma, "quote"', 'two\nlines', '＝1', 'Anna'];
  await Promise.all(names.map((person) => report.add({ file: 'a.jpg', person, result: 'refused' })));
  await report.close();

  const rows = parse(readFileSync(path), { columns: true }) as { person: string; file: string }[];
  expect(rows).toHaveLength(names.length);
  for (const { person } of rows) expect(person).not.toMatch(/^[=+\-@\t\r＝]/);
  expect(rows.map(({ person }) => person.replace(/^'/, ''))).toEqual(names);
  // Who was refused, and why, is nobody else's business
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a report that can not be written is said before any work', async () => {
  await expect(openReport('/nowhere/at-all/report.csv')).rejects.toThrow(/can't be written.*no such file/i);
});

test('a report takes the place of an older one, and of nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kith-report-'));
  const path = join(folder, 'report.csv');
  for (const person of ['Ann', 'Ben']) {
    const report = await openReport(path);
    await report.add({ file: '1.jpg', person, result: 'enrolled' });
    await report.close();
  }
  expect(readFileSync(path, 'utf8')).toBe(
    'file,person,result,reason,message,advice,personId,faceId\n1.jpg,Ben,enrolled,,,,,\n',
  );
  const list = join(folder, 'members.csv');
  writeFileSync(list, 'person,file\nAnn,1.jpg\n');
  await expect(openReport(list)).rejects.toThrow(/is there already and is no report/);
  expect(readFileSync(list, 'utf8')).toBe('person,file\nAnn,1.jpg\n');
});
