import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ModelFile } from './model-catalogue.ts';

const require = createRequire(import.meta.url);

/** Bytes of a catalogued file. Throws, saying what to do, when it is absent or is not the file that was measured. */
export async function readModelFile(file: ModelFile): Promise<Uint8Array> {
  const pinned = `${file.npmPackage}@${file.version}`;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(packageFolder(file.npmPackage), file.path));
  } catch (cause) {
    throw new Error(
      `The model ${file.name} is missing: ${pinned} is not installed here. Run "npm ci" in the project folder.`,
      { cause },
    );
  }
  checkModelBytes(file, bytes);
  return bytes;
}

/** Throws when the bytes' SHA-256 is not the catalogue's. */
export function checkModelBytes(file: ModelFile, bytes: Uint8Array): void {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === file.sha256) return;
  throw new Error(
    `The model ${file.name} is not the one Kith was measured with: SHA-256 ${sha256}, wanted ${file.sha256}. ` +
      `Remove node_modules/${file.npmPackage} and run "npm ci"; if it comes back, do not use that copy.`,
  );
}

function packageFolder(npmPackage: string): string {
  return dirname(require.resolve(`${npmPackage}/package.json`));
}
