// Models that owners bring, each in a folder of its own below `models/` of the data directory: manifest.json and the
// weights. Nothing in a manifest can lead out of its folder.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CATALOGUE } from './model-catalogue.ts';
import { ModelRefusedError } from './model-refused-error.ts';
import type { ModelManifest } from './parse-manifest.ts';

export const MANIFEST_FILE = 'manifest.json';
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** A protocol buffer, which ONNX files are, ends there. */
const MAX_MODEL_BYTES = 2 ** 31;

/** The manifest of an added pack. ModelRefusedError when it isn't there or can't be used. */
export async function readAddedManifest(modelsDir: string, packId: string): Promise<ModelManifest> {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(packId)) throw new ModelRefusedError(`"${packId}" is no id of a model pack.`);
  const path = join(modelsDir, packId, MANIFEST_FILE);
  const manifest = await readManifest(path);
  if (manifest.packId !== packId) {
    throw new ModelRefusedError(`${path} describes the pack "${manifest.packId}": rename its folder to that.`);
  }
  return manifest;
}

/** A manifest file anywhere. */
export async function readManifest(path: string): Promise<ModelManifest> {
  const bytes = await readPlainFile(path, MAX_MANIFEST_BYTES);
  const { parseManifest } = await import('./parse-manifest.ts');
  return parseManifest(new TextDecoder().decode(bytes), path);
}

/** The weights beside a manifest, checked against it before a byte is parsed. */
export async function readModelWeights(folder: string, manifest: ModelManifest): Promise<Uint8Array> {
  const path = join(folder, manifest.file);
  const bytes = await readPlainFile(path, MAX_MODEL_BYTES);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== manifest.sha256.toLowerCase()) {
    throw new ModelRefusedError(
      `${path} is not the file that its manifest means: its SHA-256 is ${sha256}, the manifest says ${manifest.sha256.toLowerCase()}. ` +
        'Copy the file again from its source; only if you changed it yourself, correct the manifest.',
    );
  }
  return bytes;
}

/** Ids of the packs in the folder, whether or not they can be used. */
export async function listAddedPacks(modelsDir: string): Promise<readonly string[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

/** Copies a manifest and its weights into the folder, whole or not at all; checking them is the caller's. */
export async function addPack(modelsDir: string, manifestPath: string): Promise<ModelManifest> {
  const manifest = await readManifest(manifestPath);
  const { packId } = manifest;
  if (CATALOGUE.some((pack) => pack.packId === packId)) {
    throw new ModelRefusedError(`"${packId}" is the name of a pack that comes with Kith: give yours another packId.`);
  }
  if ((await listAddedPacks(modelsDir)).includes(packId)) {
    throw new ModelRefusedError(
      `There is a pack "${packId}" already. Templates are bound to it: give another model, or another version of it, a packId of its own.`,
    );
  }
  const half = join(modelsDir, `.${packId}-${process.pid}`);
  await mkdir(half, { recursive: true, mode: 0o700 });
  try {
    const from = dirname(manifestPath);
    // What was checked is what is written, whatever becomes of the file meanwhile
    await writeFile(join(half, manifest.file), await readModelWeights(from, manifest), { mode: 0o600 });
    await writeFile(join(half, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
    await rename(half, join(modelsDir, packId));
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return manifest;
}

/** Writes a changed manifest of an added pack. */
export async function updateManifest(modelsDir: string, manifest: ModelManifest): Promise<void> {
  const path = join(modelsDir, manifest.packId, MANIFEST_FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Bytes of a file that is one: a link could lead anywhere, a pipe could last for ever. */
async function readPlainFile(path: string, maxBytes: number): Promise<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw new ModelRefusedError(`${path} is a link: put the file itself there.`, { cause });
    const what = code === 'ENOENT' ? 'is not there' : `can't be read (${code})`;
    throw new ModelRefusedError(`${path} ${what}. A model is a folder with ${MANIFEST_FILE} and its ONNX file.`, {
      cause,
    });
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ModelRefusedError(`${path} is no file.`);
    if (stats.size > maxBytes)
      throw new ModelRefusedError(`${path} has ${stats.size} bytes; at most ${maxBytes} are read.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
