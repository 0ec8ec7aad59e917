import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, createSecureContext } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from './certificates.ts';

let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates({ hosts: ['kith.lan', '*.faces.example', '192.0.2.7', 'gesichter-käse.example'] });
});

/** What a client that trusts `ca` makes of a real server with the certificate. */
async function handshake(servername: string, ca: string): Promise<string> {
  const server = createServer({ cert: made.server.cert, key: made.server.key }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const isAddress = /^[\d.:]+$/.test(servername);
      const socket = connect({ port, host: '127.0.0.1', ca, ...(isAddress ? {} : { servername }) }, () => {
        resolve(socket.authorized ? 'trusted' : String(socket.authorizationError));
        socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    server.close();
  }
}

describe('a client that trusts the authority', () => {
  test.each(['localhost', '127.0.0.1', 'kith.lan', 'any.faces.example', 'xn--gesichter-kse-lfb.example'])(
    'accepts %s',
    async (host) => {
      expect(await handshake(host, made.ca.cert)).toBe('trusted');
    },
  );

  test('refuses a name that the certificate lacks', async () => {
    expect(await handshake('other.example', made.ca.cert)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

test('a client that trusts another authority refuses the server', async () => {
  const other = await makeCertificates();
  expect(await handshake('localhost', other.ca.cert)).toMatch(/SELF_SIGNED|UNABLE_TO/);
});

test('the parts are what a strict client wants', () => {
  const ca = new X509Certificate(made.ca.cert);
  const server = new X509Certificate(made.server.cert);
  expect(ca.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.checkIssued(ca)).toBe(true);
  expect(server.verify(ca.publicKey)).toBe(true);
  expect(server.checkIP('::1')).toBe('::1');
  expect(server.checkIP('192.0.2.7')).toBe('192.0.2.7');
  expect(server.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  const days = (certificate: X509Certificate) =>
    (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  expect(days(server)).toBe(397);
  expect(Math.round(days(ca))).toBe(5 * 365);
  expect(BigInt(`0x${server.serialNumber}`)).toBeGreaterThan(2n ** 64n);
  expect(() => createSecureContext({ cert: made.server.cert, key: made.server.key })).not.toThrow();
});

test('an authority goes on signing until a certificate would outlive it', async () => {
  const again = await makeCertificates({ ca: made.ca, hosts: ['new.lan'] });
  expect(again.ca).toEqual(made.ca);
  expect(new X509Certificate(again.server.cert).verify(new X509Certificate(made.ca.cert).publicKey)).toBe(true);
  const fourYearsOn = new Date(Date.now() + 4 * 365 * 86_400_000);
  await expect(makeCertificates({ ca: made.ca, now: fourYearsOn })).rejects.toThrow('--new-ca');
});

test.each(['', 'https://kith.lan', 'a b', 'kith.lan:8484', '*.*.lan', 'x'.repeat(300)])(
  '%j is no host name',
  async (host) => {
    await expect(makeCertificates({ hosts: [host] })).rejects.toThrow('neither a host name');
  },
);
