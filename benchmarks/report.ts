// What every benchmark says of itself, and where its figures go.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const GIB = 1024 ** 3;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly platform: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / GIB),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** The commit that is measured; "+" when files differ from it. */
export function currentCommit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    );
  } catch {
    return 'unknown';
  }
}

/** Prints the heading all benchmarks share. */
export function printHeading(title: string): void {
  const { cpu, cores, memoryGiB, node, platform } = describeMachine();
  console.log(
    `${title}\n${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, ${platform}, commit ${currentCommit()}\n`,
  );
}

/** Writes benchmarks/results/<name>.json with the machine and the commit first; answers its path. */
export function writeResults(name: string, figures: object): string {
  const path = fileURLToPath(new URL(`./results/${name}.json`, import.meta.url));
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
  writeFileSync(
    path,
    `${JSON.stringify({ machine: describeMachine(), commit: currentCommit(), ...figures }, null, 2)}\n`,
  );
  return path;
}
