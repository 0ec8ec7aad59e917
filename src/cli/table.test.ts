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

test('colours are whole on every line, however narrow it is', () => {
  const painted = { columns: 30, paint: (_: string, text: string) => `<${text}>` };
  const text = formatTable(
    painted,
    ['Who', 'How sure'],
    [[{ text: 'Grüße an 李小龙 und محمد', style: 'dim' }, 'very likely indeed']],
  );
  for (const [line] of text.matchAll(/[^\n]+/g)) expect(line.match(/</g)?.length).toBe(line.match(/>/g)?.length);
  expect(text.replaceAll(/[<>\s]/g, '')).toContain('李小龙');
});

test('no rows leave the head', () => {
  expect(formatTable(plain, ['Who'], [])).toBe('Who');
});
