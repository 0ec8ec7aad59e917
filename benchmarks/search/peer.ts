/** Loads a package that only the benchmark's own folder installs; its types are not in the main install. */
export async function loadPeer(name: string): Promise<Record<string, unknown>> {
  const loaded = (await import(name)) as Record<string, unknown> & { default?: Record<string, unknown> };
  return { ...loaded.default, ...loaded };
}
