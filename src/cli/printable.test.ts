import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasUnprintable, jsonLine, printable } from './printable.ts';

describe('printable', () => {
  test('leaves names of any script alone', () => {
    for (const name of ['Zoë O’Hara', 'محمد', 'דוד', '李小龙', '👩‍👩‍👧 Ng', '<img onerror=x>']) {
      expect(printable(name)).toBe(name);
      expect(hasUnprintable(name)).toBe(false);
    }
  });

  test.each([
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['two\nlines\r', 'two\\u{a}lines\\u{d}'],
    ['\u009b2J', '\\u{9b}2J'],
    ['a\u202egpj.exe', 'a\\u{202e}gpj.exe'],
    ['\ud800', '\\u{d800}'],
  ])('shows what would act on a terminal: %j', (name, shown) => {
    expect(printable(name)).toBe(shown);
    expect(hasUnprintable(name)).toBe(true);
  });
});

test('a line of JSON is one line without controls, and reads back the same', () => {
  const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(fc.string({ unit: anyUnit }), (name) => {
      const line = jsonLine({ name });
      expect(hasUnprintable(line)).toBe(false);
      expect(JSON.parse(line)).toEqual({ name });
    }),
  );
});
