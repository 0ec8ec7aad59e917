// What a backup says of itself: its first entry, which every other one is held against.
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { BadBackupError } from './bad-backup-error.ts';

export const MANIFEST_ENTRY = 'manifest.json';
const FORMAT = 1;
const MAX_ENTRIES = 100_000;

const Manifest = Type.Object({
  format: Type.Literal(FORMAT),
  kith: Type.String(),
  createdAt: Type.String(),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
    { maxItems: MAX_ENTRIES },
  ),
});

export type BackupManifest = Static<typeof Manifest>;
export type BackedUpFile = BackupManifest['files'][number];

export function newManifest(kith: string, createdMs: number, files: readonly BackedUpFile[]): BackupManifest {
  return { format: FORMAT, kith, createdAt: new Date(createdMs).toISOString(), files: [...files] };
}

/** Throws BadBackupError for anything but a manifest whose paths stay where they belong. */
export function parseManifest(text: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadBackupError('Its list of contents is not readable.');
  }
  if (!Value.Check(Manifest, value)) {
    throw new BadBackupError('Its list of contents is none that this Kith knows; a newer one may have written it.');
  }
  const seen = new Set<string>();
  for (const { path } of value.files) {
    if (!isBackupPath(path)) throw new BadBackupError(`It names a file that no backup holds: ${JSON.stringify(path)}.`);
    // Some file systems know no difference between a and A
    const folded = path.toLowerCase();
    if (seen.has(folded)) throw new BadBackupError(`It holds ${JSON.stringify(path)} twice.`);
    seen.add(folded);
  }
  // The master key may be kept elsewhere
  if (!seen.has('kith.db')) throw new BadBackupError('It holds no kith.db.');
  return value;
}

const FILES = ['kith.db', 'master.key', 'erasures.log'];
const FOLDERS = ['audit', 'models'];
const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const MAX_DEPTH = 6;

/** Whether a path is one that a backup may hold: known files, and plain names below known folders. */
export function isBackupPath(path: string): boolean {
  if (FILES.includes(path)) return true;
  const [folder = '', ...parts] = path.split('/');
  return (
    FOLDERS.includes(folder) && parts.length > 0 && parts.length < MAX_DEPTH && parts.every((part) => PART.test(part))
  );
}
