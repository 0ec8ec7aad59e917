// Writes docs/configuration.md from the schema of settings; with --check it only says whether the page is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { describeSettings } from '../src/config.ts';

const path = new URL('../docs/configuration.md', import.meta.url);
const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*');
const rows = describeSettings().map(
  ({ variable, meaning, defaultText }) => `| \`${variable}\` | ${escapeCell(defaultText)} | ${escapeCell(meaning)} |`,
);
const page = `# Configuration

Every setting is an environment variable; none is needed. A bad value, or a \`KITH_\` variable that is none of these,
stops the start, and all faults are named at once. Made from \`src/config.ts\` by \`npm run docs\`.

| variable | default | meaning |
|---|---|---|
${rows.join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(path, page);
else if (readFileSync(path, 'utf8') !== page) {
  console.error('docs/configuration.md is not what src/config.ts says: run npm run docs');
  process.exit(1);
}
