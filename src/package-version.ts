import { readFileSync } from 'node:fs';

/** Of this Kith; package.json lies above the sources as above the built program. */
export function packageVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
