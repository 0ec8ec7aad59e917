import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { displayWidth, foldText, wrapText } from './display-width.ts';

test.each([
  ['Anna', 4],
  ['Zoe\u0308', 3],
  ['李小龙', 6],
  ['👩‍👩‍👧 Ng', 5],
  [styleText('green', 'Anna'), 4],
])('%j takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test('text is cut at spaces, or within a word too long for a line', () => {
  expect(wrapText('Anna Maria Lindqvist', 11)).toEqual(['Anna Maria', 'Lindqvist']);
  expect(wrapText('李小龙李小龙', 7)).toEqual(['李小龙', '李小龙']);
  expect(wrapText('x'.repeat(20), 8)).toEqual(['xxxxxxxx', 'xxxxxxxx', 'xxxx']);
  expect(wrapText('', 8)).toEqual(['']);
});

test('sentences are folded between words, and further lines indented', () => {
  expect(foldText('  anna.jpg: No face was found in it.', 20)).toBe('  anna.jpg: No face\n    was found in it.');
  expect(foldText('short', 20)).toBe('short');
  expect(foldText(`a ${'x'.repeat(30)} b`, 10)).toBe(`a\n  ${'x'.repeat(30)}\n  b`);
});
