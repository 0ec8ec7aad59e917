/** Where the tables are, unless the address says otherwise (`?schema=`). */
const DEFAULT_SCHEMA = 'kith';

export interface Addresses {
  /** One for each host named. */
  readonly addresses: readonly string[];
  readonly schema: string;
}

/** Throws a sentence without the address, which may have a password in it. */
export function parseAddresses(url: string): Addresses {
  const parts = /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?]*)(\/[^?]*)?(?:\?(.*))?$/.exec(url);
  if (!parts) throw new Error('is not an address such as postgres://user:password@host:5432/database');
  const [, start = '', hosts = '', database = '', query = ''] = parts;
  const options = new URLSearchParams(query);
  const schema = options.get('schema') ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new Error(`"${schema}" is no name of a schema`);
  options.delete('schema');
  const rest = options.size > 0 ? `?${options}` : '';
  return { addresses: hosts.split(',').map((host) => `${start}${host}${database}${rest}`), schema };
}
