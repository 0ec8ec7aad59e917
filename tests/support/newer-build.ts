// This Kith as its next version will be: the built program with one migration more.
import { appendFile, copyFile, cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Migration } from '../../src/store/postgres/migrations.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Answers the path of its main.js. */
export async function buildNewer(folder: string, migration: Migration): Promise<string> {
  await mkdir(folder);
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  const migrations = join(folder, 'dist', 'store', 'postgres', 'migrations.js');
  await appendFile(migrations, `\nMIGRATIONS.push(${JSON.stringify(migration)});\n`);
  return join(folder, 'dist', 'main.js');
}
