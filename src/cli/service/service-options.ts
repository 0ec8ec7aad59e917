// What --url, --key-file, --ca and --allow-plain-http say, checked before anything is sent.
import { open } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { describeFileError } from '../image-file.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface ServiceFlags {
  readonly url?: string;
  readonly keyFile?: string;
  readonly ca?: string;
  readonly allowPlainHttp?: true;
}

export interface ServiceOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly key: string;
  /** PEM; only who these vouch for is trusted then. */
  readonly ca?: string;
}

/** Longer than any key, far shorter than a file named by mistake. */
const MAX_KEY_FILE_BYTES = 4096;
const MAX_CA_BYTES = 1024 * 1024;

export async function readServiceOptions(
  flags: ServiceFlags & { readonly url: string },
  terminal: Pick<Terminal, 'note'>,
): Promise<ServiceOptions> {
  const baseUrl = parseServiceUrl(flags.url, flags.allowPlainHttp === true);
  if (flags.keyFile === undefined) {
    throw new UsageError(
      'Name the file with the key of the service: --key-file <file>. A key on the command line could be read by others.',
    );
  }
  const key = await readKey(flags.keyFile, terminal);
  return { baseUrl, key, ...(flags.ca === undefined ? {} : { ca: await readCa(flags.ca) }) };
}

/** Plain HTTP only to this machine itself, unless it is asked for: the key and the photos would be read on the way. */
export function parseServiceUrl(text: string, allowPlainHttp: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new UsageError(`--url is the address of the service: https://kith.example:8484`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('An address holds no key: leave out what stands before the @, and use --key-file.');
  }
  if (url.search !== '' || url.hash !== '') throw new UsageError('--url ends before any "?" or "#".');
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowPlainHttp) {
    throw new UsageError(
      `${url.origin} is another machine, and without TLS the key and the photos could be read on the way. Use https (kith cert makes certificates), or --allow-plain-http.`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function readKey(path: string, terminal: Pick<Terminal, 'note'>): Promise<string> {
  const { text, mode } = await readSmallFile(path, MAX_KEY_FILE_BYTES, 'key');
  const key = text.trim();
  // Nothing of what is in it is said: it may be another secret
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new UsageError(`${path} is not one line with a key, as kith keys create prints it.`);
  if ((mode & 0o077) !== 0 && (mode & 0o170000) === 0o100000) {
    terminal.note(`Others on this machine may read ${path}: chmod 600 makes it yours alone.`);
  }
  return key;
}

async function readCa(path: string): Promise<string> {
  const { text } = await readSmallFile(path, MAX_CA_BYTES, 'certificate');
  try {
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no certificate');
    createSecureContext({ ca: text });
  } catch (error) {
    throw new UsageError(`${path} is no certificate in PEM form: --ca takes the ca.pem that kith cert makes.`, {
      cause: error,
    });
  }
  return text;
}

async function readSmallFile(
  path: string,
  maxBytes: number,
  what: string,
): Promise<{ readonly text: string; readonly mode: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode } = await file.stat();
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1);
      if (bytesRead > maxBytes) throw new UsageError(`${path} is too large for a ${what}.`);
      return { text: buffer.toString('utf8', 0, bytesRead), mode };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: ${describeFileError(error)}`, { cause: error });
  }
}
