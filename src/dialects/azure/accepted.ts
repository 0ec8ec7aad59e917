/**
 * Headers of a 202. Without Operation-Location Azure's pollers report success at once and never ask, so no 202 goes
 * out without one, and always as an absolute URL.
 */
export function acceptedHeaders(operationUrl: string, resourceUrl?: string): Record<string, string> {
  const exposed = resourceUrl === undefined ? 'Operation-Location' : 'Operation-Location, Location';
  return {
    'operation-location': operationUrl,
    ...(resourceUrl === undefined ? {} : { location: resourceUrl }),
    'access-control-expose-headers': exposed,
  };
}
