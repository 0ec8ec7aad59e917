import { readFileSync } from 'node:fs';

/** It lies above the sources as above the built program. */
export const PACKAGE_FILE = new URL('../package.json', import.meta.url);

/** Of this Kith. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { readonly version: string }).version;
}
