import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import * as x509 from '@peculiar/x509';
import { UsageError } from './usage-error.ts';

/** PEM text. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** The authority that clients trust; its key signs further server certificates. */
  readonly ca: CertificateAndKey;
  readonly server: CertificateAndKey;
}

export interface CertificateOptions {
  /** Names and addresses beside localhost, 127.0.0.1 and ::1 that the server is reached by. */
  readonly hosts?: readonly string[];
  /** An authority to go on with; without it a new one is made. */
  readonly ca?: CertificateAndKey;
  readonly now?: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CA_DAYS = 5 * 365;
/** Apple's platforms refuse server certificates that are valid longer than 398 days. */
const SERVER_DAYS = 397;
/** A client's clock may be slow. */
const BACKDATED_MS = 3_600_000;
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** A local authority (ECDSA P-256, five years) and a server certificate signed by it (397 days), RFC 5280. */
export async function makeCertificates(options: CertificateOptions = {}): Promise<Certificates> {
  const now = options.now ?? new Date();
  const hosts = [...new Set([...LOOPBACK, ...(options.hosts ?? []).map(checkHost)])];
  const authority = options.ca ? await openAuthority(options.ca, now) : await makeAuthority(now);
  const server = await makeServerCertificate(authority, hosts, now);
  return { ca: authority.pem, server };
}

interface Authority {
  readonly pem: CertificateAndKey;
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

async function makeAuthority(now: Date): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    // The random part tells two authorities apart in a system's list
    name: `CN=Kith local CA ${randomBytes(3).toString('hex')}, O=Kith`,
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + CA_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { pem: await toPem(certificate, keys.privateKey), certificate, privateKey: keys.privateKey };
}

async function openAuthority(pem: CertificateAndKey, now: Date): Promise<Authority> {
  const certificate = new x509.X509Certificate(pem.cert);
  if (certificate.notAfter.getTime() < now.getTime() + SERVER_DAYS * DAY_MS) {
    throw new UsageError(
      `The authority ends on ${certificate.notAfter.toISOString().slice(0, 10)}, before a new certificate would: make a new one with --new-ca, and trust that.`,
    );
  }
  const [, base64 = ''] = /-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----/.exec(pem.key) ?? [];
  const der = Buffer.from(base64, 'base64');
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  return { pem, certificate, privateKey };
}

async function makeServerCertificate(
  authority: Authority,
  hosts: readonly string[],
  now: Date,
): Promise<CertificateAndKey> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=Kith, O=Kith`,
    issuer: authority.certificate.subjectName,
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() - BACKDATED_MS + SERVER_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return toPem(certificate, keys.privateKey);
}

/** A host name in the form certificates carry, or an address; a sentence for anything else. */
function checkHost(host: string): string {
  if (isIP(host) !== 0) return host;
  const [, wildcard = '', rest = ''] = /^(\*\.)?(.*)$/s.exec(host) ?? [];
  const ascii = domainToASCII(rest);
  if (!/^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/.test(ascii)) {
    throw new UsageError(`"${host}" is neither a host name (kith.example.org, *.example.org) nor an IP address.`);
  }
  return wildcard + ascii;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** 127 random bits: RFC 5280 wants a positive number of at most 20 bytes, CAs are asked for 64 random bits. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function toPem(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<CertificateAndKey> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}
