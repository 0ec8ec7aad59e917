/** Every version of the API that Azure's clients ask for, each under its own base path. */
export const AZURE_VERSIONS = ['v1.0', 'v1.0-preview', 'v1.1-preview.1', 'v1.2-preview.1', 'v1.2'] as const;

export type AzureVersion = (typeof AZURE_VERSIONS)[number];

export function basePathOf(version: AzureVersion): string {
  return `/face/${version}`;
}
