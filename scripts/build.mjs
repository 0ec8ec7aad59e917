// Builds dist/: TypeScript by tsc, then whatever else the program loads at run time.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (tool, ...args) =>
  execFileSync(process.execPath, [`${root}node_modules/${tool}`, ...args], { cwd: root, stdio: 'inherit' });

rmSync(`${root}dist`, { recursive: true, force: true });
run('typescript/bin/tsc', '-p', 'tsconfig.json');

// `npx kith` looks in node_modules/.bin, where npm links the commands of dependencies but not the project's own.
chmodSync(`${root}dist/cli.js`, 0o755);
const bin = `${root}node_modules/.bin/kith`;
rmSync(bin, { force: true });
if (process.platform === 'win32') writeFileSync(`${bin}.cmd`, '@node "%~dp0\\..\\..\\dist\\cli.js" %*\r\n');
else symlinkSync('../../dist/cli.js', bin);
