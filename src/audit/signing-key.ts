import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { type FileHandle, link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from './append-file.ts';

export const PUBLIC_KEY_FILE = 'public-key.pem';
const PRIVATE_KEY_FILE = 'signing-key.pem';

export interface VerifyingKey {
  readonly publicKey: KeyObject;
  /** SHA-256 of the public key's DER form (SPKI), hex: what a chain's first line names it by. */
  readonly fingerprint: string;
}

export interface SigningKey extends VerifyingKey {
  readonly privateKey: KeyObject;
}

/** Reads the Ed25519 key of a folder, made at its first use; the public half stands beside it, for whoever verifies. */
export async function readOrCreateSigningKey(folder: string): Promise<SigningKey> {
  const path = join(folder, PRIVATE_KEY_FILE);
  let file = await openIfThere(path);
  if (file === undefined) {
    const { privateKey } = generateKeyPairSync('ed25519');
    await createPrivateFile(folder, PRIVATE_KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    // Another process may have been first: whichever key is there now is the key
    file = await open(path, 'r');
  }
  try {
    const { mode } = await file.stat();
    // Windows has no such bits: there the directory's own access list counts
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Error(
        `The audit log's signing key ${path} can be read by others (mode ${(mode & 0o777).toString(8)}). ` +
          `Make it private with: chmod 600 ${path}`,
      );
    }
    const privateKey = createPrivateKey(await file.readFile());
    const key = { ...verifyingKeyOf(createPublicKey(privateKey)), privateKey };
    await createPrivateFile(folder, PUBLIC_KEY_FILE, pemOf(key));
    if ((await readPublicKey(join(folder, PUBLIC_KEY_FILE))).fingerprint !== key.fingerprint) {
      throw new Error(`${PRIVATE_KEY_FILE} and ${PUBLIC_KEY_FILE} in ${folder} don't belong together.`);
    }
    return key;
  } finally {
    await file.close();
  }
}

/** `path` is a PEM file: the one in the audit folder, or a copy kept where nobody who can write there can write. */
export async function readPublicKey(path: string): Promise<VerifyingKey> {
  return keyOfPem(await readFile(path));
}

/** Throws for what is no such key. */
export function keyOfPem(pem: string | Buffer): VerifyingKey {
  return verifyingKeyOf(createPublicKey(pem));
}

function verifyingKeyOf(publicKey: KeyObject): VerifyingKey {
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new Error("The audit log's key must be an Ed25519 key.");
  return { publicKey, fingerprint: createHash('sha256').update(derOf({ publicKey })).digest('hex') };
}

/** SPKI. */
export function pemOf({ publicKey }: Pick<VerifyingKey, 'publicKey'>): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** SPKI. */
export function derOf({ publicKey }: Pick<VerifyingKey, 'publicKey'>): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Undefined for bytes that are no such key. */
export function keyOfDer(der: Uint8Array): VerifyingKey | undefined {
  try {
    return verifyingKeyOf(createPublicKey({ key: Buffer.from(der), type: 'spki', format: 'der' }));
  } catch {
    return undefined;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file appears whole or not at all, and never replaces another one. */
async function createPrivateFile(folder: string, name: string, text: string | Buffer): Promise<void> {
  const unfinished = join(folder, `${name}.${randomBytes(4).toString('hex')}.unfinished`);
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await link(unfinished, join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await file.close();
    await rm(unfinished);
  }
  await syncDirectory(folder);
}
