import { expect, test } from 'vitest';
import { formatTable } from './table.ts';

const plain = { columns: 40, paint: (_: string, text: string) => text };

test('columns stand under their heads', () => {
  expect(
    formatTable(
      plain,
      ['Who', 'How sure'],
      [
        ['Anna', 'very likely'],
        ['李小龙', 'not sure'],
      ],
    ),
  ).toBe(['Who     How sure', 'Anna    very likely', '李小龙  not sure'].join('\n'));
});

test('the first column gives way to a narrow terminal, losing nothing', () => {
  const name = 'a'.repeat(128);
  const lines = formatTable(plain, ['Who', 'How sure'], [[name, 'very likely']]).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  expect(lines.join('').replaceAll(/[^a]/g, '').length).toBeGreaterThanOrEqual(128);
  expect(lines[1]).toContain('very likely');
});

test('no rows leave the head', () => {
  expect(formatTable(plain, ['Who'], [])).toBe('Who');
});
