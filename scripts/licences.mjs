// npm run licences: every installed package with its licence; fails on one that is not on the list. What only builds and
// tests Kith counts too.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Permissive, and without conditions on those who use the program. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
  'Zlib',
  'MIT-0',
]);
/** Taken as they are: tools beside the program, a library that is loaded and can be exchanged, and the demo's letters. */
const ALLOWED_AS_THEY_ARE = new Map([
  ['@img/sharp-libvips', 'LGPL-3.0-or-later'],
  ['dejavu-fonts-ttf', 'SEE LICENSE IN README.md AND LICENSE'],
  ['axe-core', 'MPL-2.0'],
  ['@axe-core/playwright', 'MPL-2.0'],
  ['lightningcss', 'MPL-2.0'],
  ['caniuse-lite', 'CC-BY-4.0'],
]);

const root = fileURLToPath(new URL('..', import.meta.url));
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
const packages = [];
for (const path of Object.keys(lock.packages)) {
  if (path === '' || lock.packages[path].link) continue;
  const manifest = readIfThere(`${root}${path}/package.json`);
  // For other platforms than this one
  if (!manifest) continue;
  const { name, version } = manifest;
  packages.push({ name, version, licence: licenceOf(manifest) });
}
packages.sort((a, b) => (a.name < b.name ? -1 : 1));
const counts = new Map();
const refused = [];
for (const { name, version, licence } of packages) {
  counts.set(licence, (counts.get(licence) ?? 0) + 1);
  if (!isAllowed(name, licence)) refused.push(`${name} ${version}: ${licence}`);
  if (process.argv.includes('--all')) console.log(`${name} ${version}: ${licence}`);
}
console.log([...counts].map(([licence, n]) => `${licence}: ${n}`).join(', '));
if (refused.length > 0) {
  console.error(`Not on the list:\n  ${refused.join('\n  ')}`);
  process.exit(1);
}

/** Of "A OR B" one is enough, of "A AND B" both are needed. */
function isAllowed(name, licence) {
  const tool = [...ALLOWED_AS_THEY_ARE].find(([tool]) => name === tool || name.startsWith(`${tool}-`));
  if (tool && tool[1] === licence) return true;
  const plain = licence.replace(/[()]/g, '');
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((part) => ALLOWED.has(part.trim())));
}

function licenceOf({ license, licenses }) {
  if (typeof license === 'string') return license;
  if (license?.type) return license.type;
  return licenses?.map(({ type }) => type).join(' OR ') ?? 'none';
}

function readIfThere(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
