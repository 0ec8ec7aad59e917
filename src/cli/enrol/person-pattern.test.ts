import { expect, test } from 'vitest';
import { parsePersonPattern } from './person-pattern.ts';

test.each([
  ['{person}_*.jpg', 'anna_1.jpg', 'anna'],
  ['{person}_*.jpg', 'anna_maria_1.jpg', 'anna_maria'],
  ['{person}_*.jpg', 'deep/down/anna_1.jpg', 'anna'],
  ['{person}_*.jpg', 'anna.jpg', undefined],
  ['{person}{n}.jpg', 'Family1-Dad12.jpg', 'Family1-Dad'],
  ['{person}{n}.jpg', 'Dad.jpg', undefined],
  ['Family*-{person}{n}.*', 'Family1-Dad2.JPG', 'Dad'],
  ['img-????-{person}.jpg', 'IMG-0042-Zoë.jpg', 'Zoë'],
  ['{person}/*', 'anna/1.jpg', 'anna'],
  ['{person}/*', 'staff/anna/1.jpg', undefined],
  ['*/{person}/*', 'staff/anna/1.jpg', 'anna'],
  ['{person} (a+b) [x].jpg', 'Jo (a+b) [x].jpg', 'Jo'],
  ['{person}-{n}.JPG', 'İbrahim-7.jpg', 'İbrahim'],
  ['{person}{x}.jpg', 'Jo{x}.jpg', 'Jo'],
])('%s on %s names %s', (pattern, path, person) => {
  expect(parsePersonPattern(pattern)(path)).toBe(person);
});

test('a decomposed file name and a composed pattern meet', () => {
  expect(parsePersonPattern('Zoë-{person}.jpg')('Zoe\u0308-Ange\u0301la.jpg')).toBe('Angéla');
});

test('a pattern that names nobody, or twice, is refused', () => {
  expect(() => parsePersonPattern('*.jpg')).toThrow('needs {person} exactly once');
  expect(() => parsePersonPattern('{person}-{person}.jpg')).toThrow('exactly once');
});

test('a long name does not make matching slow', () => {
  const match = parsePersonPattern('*a*a*{person}*a*b');
  expect(match('a'.repeat(250))).toBeUndefined();
});
