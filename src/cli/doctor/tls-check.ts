import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { describeFileError } from '../image-file.ts';
import { type Check, type Finding, fault, isOpenToOthers, note, ok } from './finding.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

export const checkTls: Check = async ({ tlsCertPath, tlsKeyPath }) => {
  if (!tlsCertPath || !tlsKeyPath) return note('no certificate is set: the service speaks plain HTTP');
  const [cert, key] = [await read(tlsCertPath), await read(tlsKeyPath)];
  if (typeof cert === 'string') return fault(`KITH_TLS_CERT: ${cert}`);
  if (typeof key === 'string') return fault(`KITH_TLS_KEY: ${key}`);
  if (isOpenToOthers((await stat(tlsKeyPath)).mode)) {
    return fault(`${tlsKeyPath} can be read by others: chmod 600 ${tlsKeyPath}`);
  }
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) return fault('KITH_TLS_KEY is not the key of KITH_TLS_CERT');
  return describeTerm(certificate);
};

/** Until when, and whether already. */
export function describeTerm({ validFrom, validTo }: X509Certificate): Finding {
  if (Date.parse(validFrom) > Date.now())
    return fault(`the certificate is not good before ${validFrom}: is the clock right?`);
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  if (days < 0) return fault(`the certificate has run out on ${validTo}`);
  return days < SOON_DAYS
    ? note(`the certificate runs out in ${days} days`)
    : ok(`the certificate is good for ${days} days`);
}

/** A sentence where it can't be read. */
function read(path: string): Promise<Buffer | string> {
  return readFile(path).catch((error: unknown) => `${path}: ${describeFileError(error)}`);
}
