// The deployment files as the tests look at them: parsed, with what they say of Kith's settings.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function deployFile(name: string): string {
  return readFileSync(join(ROOT, 'deploy', name), 'utf8');
}

/** The variables of docs/configuration.md, with their defaults; `npm run docs:check` holds it against the source. */
export function documentedSettings(): ReadonlyMap<string, string> {
  const page = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');
  return new Map(
    [...page.matchAll(/^\| `(KITH_\w+)` \| ([^|]*) \|/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

export function kithVariables(text: string): string[] {
  return [...new Set(text.match(/\bKITH_[A-Z_]+\b/g))];
}

export interface UnitFile {
  /** All values of a key in a section, in order. */
  values(section: string, key: string): readonly string[];
}

export function parseUnit(text: string): UnitFile {
  const found: { section: string; key: string; value: string }[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    const header = /^\[(.+)\]$/.exec(line);
    const pair = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (header?.[1] !== undefined) section = header[1];
    else if (pair) found.push({ section, key: pair[1] ?? '', value: pair[2] ?? '' });
    else if (line !== '' && !line.startsWith('#')) throw new Error(`not a line of a unit: ${line}`);
  }
  return {
    values: (wantedSection, wantedKey) =>
      found.filter(({ section, key }) => section === wantedSection && key === wantedKey).map(({ value }) => value),
  };
}

/** What the compiler says of resources against Kubernetes' own types: misspelt fields as well as wrong values. */
export function faultsOfResources(
  resources: readonly { readonly apiVersion: string; readonly kind: string }[],
): string {
  const constants = resources.map((resource, i) => {
    const [group = '', version = 'v1'] = resource.apiVersion.includes('/')
      ? resource.apiVersion.split('/')
      : ['core', resource.apiVersion];
    const type = `import('kubernetes-types/${group.replace('.k8s.io', '')}/${version}').${resource.kind}`;
    return `export const resource${i}: ${type} = ${JSON.stringify(resource, null, 2)};`;
  });
  // Within the project, where the types are found
  const folder = mkdtempSync(join(ROOT, 'node_modules/.kith-resources-'));
  try {
    const file = join(folder, 'resources.ts');
    writeFileSync(file, constants.join('\n'));
    const options = [
      '--noEmit',
      '--strict',
      '--ignoreConfig',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--types',
      '',
    ];
    const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, file], {
      encoding: 'utf8',
    });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function isIgnoredByGit(path: string): boolean {
  return spawnSync('git', ['check-ignore', '-q', path], { cwd: ROOT }).status === 0;
}

export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
