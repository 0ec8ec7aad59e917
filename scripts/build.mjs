// Builds dist/: TypeScript by tsc, then whatever else the program loads at run time.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileKernel } from './compile-kernel.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (tool, ...args) =>
  execFileSync(process.execPath, [`${root}node_modules/${tool}`, ...args], { cwd: root, stdio: 'inherit' });

rmSync(`${root}dist`, { recursive: true, force: true });
run('typescript/bin/tsc', '-p', 'tsconfig.json');

const kernels = 'search/kernels/kernel';
mkdirSync(`${root}dist/search/kernels`, { recursive: true });
writeFileSync(`${root}dist/${kernels}.wasm`, await compileKernel(readFileSync(`${root}src/${kernels}.ts`, 'utf8')));

// `npx kith` looks in node_modules/.bin, where npm links the commands of dependencies but not the project's own.
chmodSync(`${root}dist/cli.js`, 0o755);
const bin = `${root}node_modules/.bin/kith`;
rmSync(bin, { force: true });
if (process.platform === 'win32') writeFileSync(`${bin}.cmd`, '@node "%~dp0\\..\\..\\dist\\cli.js" %*\r\n');
else symlinkSync('../../dist/cli.js', bin);
