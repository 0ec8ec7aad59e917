import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { AsideReason } from './photo-plan.ts';

export interface FoundFile {
  readonly path: string;
  /** Path within the folder, with slashes, as the system spells it. */
  readonly relativePath: string;
}

export interface WalkedFolder {
  readonly files: readonly FoundFile[];
  readonly aside: readonly { readonly relativePath: string; readonly reason: AsideReason }[];
  /** Folders straight below the root. */
  readonly folders: readonly string[];
}

/** What systems and synchronisers leave in folders; people don't put them there. */
const SYSTEM_NAMES = new Set(['__MACOSX', '@eaDir', '$RECYCLE.BIN', 'System Volume Information', 'lost+found']);

/**
 * Every file below `root`, hidden and system ones left out. A link to a file is followed when it stays within the
 * folder; a link to a folder never is, so a loop of links has no end to reach.
 */
export async function walkFolder(root: string): Promise<WalkedFolder> {
  const realRoot = await realpath(root);
  const files: FoundFile[] = [];
  const aside: { relativePath: string; reason: AsideReason }[] = [];
  const folders: string[] = [];

  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || SYSTEM_NAMES.has(entry.name)) continue;
      const relativePath = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const path = join(root, relativePath);
      if (entry.isFile()) files.push({ path, relativePath });
      else if (entry.isDirectory()) {
        pending.push(relativePath);
        if (folder === '') folders.push(relativePath);
      } else if (entry.isSymbolicLink()) {
        const reason = await refuseLink(path, realRoot);
        if (reason) aside.push({ relativePath, reason });
        else files.push({ path, relativePath });
      } else aside.push({ relativePath, reason: 'no-file' });
    }
  }
  return { files, aside, folders };
}

async function refuseLink(path: string, realRoot: string): Promise<AsideReason | undefined> {
  try {
    const target = await realpath(path);
    const stats = await stat(target);
    if (stats.isDirectory()) return 'folder-link';
    if (!stats.isFile()) return 'no-file';
    return target.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep) ? undefined : 'outside-link';
  } catch {
    // A link that leads nowhere
    return 'no-file';
  }
}
