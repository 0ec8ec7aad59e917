// Builds dist/: TypeScript by tsc, then whatever else the program loads at run time. With --if-changed it leaves a dist/
// alone that was made from the files as they are.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { compileKernel } from './compile-kernel.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (tool, ...args) =>
  execFileSync(process.execPath, [`${root}node_modules/${tool}`, ...args], { cwd: root, stdio: 'inherit' });

const stampPath = `${root}dist/.built-from`;
const stamp = stampOf([
  ...readdirSync(`${root}src`, { recursive: true }).map((path) => `src/${path}`),
  ...readdirSync(`${root}console`, { recursive: true }).map((path) => `console/${path}`),
  ...['scripts/build.mjs', 'scripts/compile-kernel.mjs', 'tsconfig.json', 'package-lock.json'],
]);
if (process.argv.includes('--if-changed') && readIfThere(stampPath) === stamp) process.exit(0);

rmSync(`${root}dist`, { recursive: true, force: true });
run('typescript/bin/tsc', '-p', 'tsconfig.json');

const kernels = 'search/kernels/kernel';
mkdirSync(`${root}dist/search/kernels`, { recursive: true });
writeFileSync(`${root}dist/${kernels}.wasm`, await compileKernel(readFileSync(`${root}src/${kernels}.ts`, 'utf8')));

// Tests build under another NODE_ENV, in which the component library draws no long lists
process.env.NODE_ENV = 'production';
await build({
  root: `${root}console`,
  configFile: false,
  logLevel: 'warn',
  plugins: [react()],
  build: { outDir: `${root}dist/console`, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});

// The schema library is 700 small files, half of the time that a command takes to start: here in a few, where dist/ looks
// first. Node resolves as ever, so nothing that imports it knows.
const SCHEMAS = `${root}dist/node_modules/typebox`;
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: SCHEMAS,
    minify: false,
    rolldownOptions: { input: { index: 'typebox', value: 'typebox/value', compile: 'typebox/compile' } },
  },
});
writeFileSync(
  `${SCHEMAS}/package.json`,
  JSON.stringify({
    type: 'module',
    exports: { '.': './index.js', './value': './value.js', './compile': './compile.js' },
  }),
);

// `npx kith` looks in node_modules/.bin, where npm links the commands of dependencies but not the project's own.
chmodSync(`${root}dist/cli.js`, 0o755);
const bin = `${root}node_modules/.bin/kith`;
rmSync(bin, { force: true });
if (process.platform === 'win32') writeFileSync(`${bin}.cmd`, '@node "%~dp0\\..\\..\\dist\\cli.js" %*\r\n');
else symlinkSync('../../dist/cli.js', bin);
writeFileSync(stampPath, stamp);

function stampOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    const stats = statSync(`${root}${path}`);
    if (!stats.isFile()) continue;
    const { mtimeMs, size } = stats;
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
