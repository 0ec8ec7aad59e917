/** A host that image URLs may point to: exact, or everything below it; with a port, only that one. */
interface HostRule {
  readonly hostname: string;
  readonly isSuffix: boolean;
  readonly port: string | undefined;
}

/**
 * `photos.example.org`, `*.example.org` (not example.org itself), `photos.example.org:8443`. Without a port only the
 * scheme's own is allowed. Throws a sentence for anything else.
 */
export function parseHostRules(texts: readonly string[]): readonly HostRule[] {
  return texts.map((text) => {
    const match = /^(\*\.)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(text);
    const hostname = match?.[2];
    if (!match || !hostname || (match[1] && hostname.startsWith('['))) {
      throw new Error(`"${text}" is not a host such as photos.example.org, *.example.org or photos.example.org:8443`);
    }
    return { hostname: hostname.toLowerCase(), isSuffix: match[1] !== undefined, port: match[3] };
  });
}

/** `url` as the WHATWG parser made it: lower-case host, no default port. */
export function isAllowedHost(rules: readonly HostRule[], url: URL): boolean {
  // A trailing dot names the same host to a resolver, but not to a certificate: no photo needs it.
  return rules.some(({ hostname, isSuffix, port }) => {
    const hostFits = isSuffix
      ? url.hostname.endsWith(`.${hostname}`) && url.hostname.length > hostname.length + 1
      : url.hostname === hostname;
    return hostFits && url.port === (port === defaultPort(url) ? '' : (port ?? ''));
  });
}

function defaultPort(url: URL): string {
  return url.protocol === 'https:' ? '443' : '80';
}
