import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Of the commands, and of what the service tells them. */
function sources(): string {
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(here, name));
  return [...files, join(here, '../run-service.ts')].map((file) => readFileSync(file, 'utf8')).join('\n');
}

test('docs/json-lines.md tells of every type there is, and of no other', () => {
  const page = readFileSync(join(here, '../../docs/json-lines.md'), 'utf8');
  const told = [...page.matchAll(/^\| (`[^|]+) \|/gm)]
    .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, type = '']) => type))
    .filter((type) => type !== 'type');
  const text = sources();
  const said = [...text.matchAll(/type: '([a-z-]+)'/g)].map(([, type = '']) => type);
  expect(told.length).toBeGreaterThan(50);
  expect(new Set(told).size).toBe(told.length);
  expect([...new Set(said)].filter((type) => !told.includes(type))).toEqual([]);
  expect(told.filter((type) => !text.includes(`'${type}'`))).toEqual([]);
});
