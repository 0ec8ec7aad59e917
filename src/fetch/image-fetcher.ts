import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { KithError } from '../core/errors.ts';
import type { ImageFetcher } from '../core/ports.ts';
import { isAllowedHost, parseHostRules } from './allowed-hosts.ts';
import { isPublicAddress } from './public-address.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export interface ImageFetcherOptions {
  /** See parseHostRules. Empty: nothing is fetched. */
  readonly allowedHosts: readonly string[];
  readonly maxBytes: number;
  readonly allowHttp?: boolean;
  /** For photo servers on one's own network: then the allow-list of hosts is all that stands between. */
  readonly allowPrivateAddresses?: boolean;
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>;
  /** PEM of a certification authority to trust besides the system's. */
  readonly ca?: string | Buffer;
  readonly timeouts?: FetchTimeouts;
}

export interface FetchTimeouts {
  readonly connectMs: number;
  /** From the request to the end of the head of the answer. */
  readonly headMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** From the beginning to the last byte. */
  readonly totalMs: number;
}

const TIMEOUTS: FetchTimeouts = { connectMs: 5000, headMs: 10_000, idleMs: 10_000, totalMs: 30_000 };
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_URL_LENGTH = 2048;

/**
 * Bytes behind a URL, from allowed hosts only. Every address of the host must be a public one, and the connection goes
 * to an address that was checked, not to one resolved anew; Host and SNI stay the name. No redirects, no proxies, no
 * cookies, no credentials. Whatever goes wrong after the URL itself was fine gets one answer, so that nothing about
 * the inside can be read from it. What the bytes are is for the decoder to say.
 */
export function createImageFetcher(options: ImageFetcherOptions): ImageFetcher {
  const rules = parseHostRules(options.allowedHosts);
  const { connectMs, headMs, idleMs, totalMs } = options.timeouts ?? TIMEOUTS;
  const resolve = options.resolve ?? ((hostname) => systemLookup(hostname, { all: true }));

  async function checkedAddresses(hostname: string): Promise<readonly ResolvedAddress[]> {
    const addresses = await resolve(hostname);
    const isFine = ({ address }: ResolvedAddress) => options.allowPrivateAddresses === true || isPublicAddress(address);
    // One bad address spoils the host: whoever answers for it is not to be trusted with the choice.
    if (addresses.length === 0 || !addresses.every(isFine)) throw new Error('no usable address');
    return addresses;
  }

  const lookup: LookupFunction = (hostname, { all }, callback) => {
    checkedAddresses(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (all) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };

  let opened: Promise<Agent> | undefined;
  // Most run without ever fetching anything, and the client takes long to load
  const agent = (): Promise<Agent> => {
    opened ??= import('undici').then(
      ({ Agent }) =>
        new Agent({
          connect: { lookup, timeout: connectMs, ...(options.ca === undefined ? {} : { ca: options.ca }) },
          // A kept connection would outlive the check of its address.
          pipelining: 0,
          maxHeaderSize: MAX_HEAD_BYTES,
          headersTimeout: headMs,
          bodyTimeout: idleMs,
        }),
    );
    return opened;
  };

  return {
    async fetchImage(text, signal) {
      const url = parseUrl(text, options.allowHttp === true);
      if (rules.length === 0) {
        throw unreachable(
          'Image URLs are switched off here; send the photo itself, or ask the operator to allow its host.',
        );
      }
      if (!isAllowedHost(rules, url)) throw unreachable('Photos from that host are not fetched here.');
      try {
        // An address in the place of a name is never looked up, so it is checked here.
        const literal = url.hostname.replace(/^\[|\]$/g, '');
        if (/^[\d.]+$/.test(literal) || literal.includes(':')) await checkedLiteral(literal, options);
        return await download(url, { agent: await agent(), maxBytes: options.maxBytes, totalMs, signal });
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof KithError) throw error;
        throw unreachable('The photo could not be fetched.', { cause: error });
      }
    },
  };
}

async function checkedLiteral(address: string, options: ImageFetcherOptions): Promise<void> {
  if (options.allowPrivateAddresses !== true && !isPublicAddress(address)) throw new Error('no usable address');
}

function parseUrl(text: string, allowHttp: boolean): URL {
  const url = text.length <= MAX_URL_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  const isFine =
    url !== undefined &&
    (url.protocol === 'https:' || (allowHttp && url.protocol === 'http:')) &&
    url.username === '' &&
    url.password === '';
  if (isFine) return url;
  throw new KithError({
    kind: 'invalid-argument',
    argument: 'url',
    reason: 'malformed',
    message: `That is not ${allowHttp ? 'an http or https' : 'an https'} URL without a user name.`,
  });
}

async function download(
  url: URL,
  limits: {
    readonly agent: Agent;
    readonly maxBytes: number;
    readonly totalMs: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Uint8Array> {
  const { request } = await import('undici');
  const deadline = AbortSignal.timeout(limits.totalMs);
  const { statusCode, headers, body } = await request(url, {
    dispatcher: limits.agent,
    headers: { accept: 'image/*', 'accept-encoding': 'identity' },
    signal: limits.signal ? AbortSignal.any([limits.signal, deadline]) : deadline,
  });
  // Giving up on a body makes it emit an error of its own, which nobody else listens for.
  body.on('error', () => {});
  try {
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    if (Number(headers['content-length'] ?? 0) > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  } finally {
    // Whatever is left of the body is not read.
    body.destroy();
  }
}

function tooManyBytes(maxBytes: number): KithError {
  return new KithError({
    kind: 'image-unusable',
    fault: 'too-many-bytes',
    message: `The photo has more than ${maxBytes} bytes.`,
  });
}

function unreachable(message: string, options?: ErrorOptions): KithError {
  return new KithError({ kind: 'image-unreachable', message }, options);
}
