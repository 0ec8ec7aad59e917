// Backups are files in the age format (age-encryption.org/v1): anybody's age tool opens them, with the right key.
import { open, readFile } from 'node:fs/promises';
import { Decrypter, Encrypter } from 'age-encryption';
import { BadBackupError } from './bad-backup-error.ts';

/** Whom a backup is sealed to, or the passphrase that opens it. */
export type SealedTo = { readonly recipients: readonly string[] } | { readonly passphrase: string };
export type OpenedWith = { readonly identities: readonly string[] } | { readonly passphrase: string };

const MIN_PASSPHRASE_LENGTH = 12;

export async function seal(plain: ReadableStream<Uint8Array>, to: SealedTo): Promise<ReadableStream<Uint8Array>> {
  const encrypter = new Encrypter();
  if ('passphrase' in to) encrypter.setPassphrase(to.passphrase);
  else for (const recipient of to.recipients) addRecipient(encrypter, recipient);
  return encrypter.encrypt(plain);
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new BadBackupError(`${JSON.stringify(recipient)} is no public key: they begin with age1.`, { cause });
  }
}

/** Throws BadBackupError where the key is wrong or the file is none. Cut and altered files fail while they are read. */
export async function unseal(sealed: ReadableStream<Uint8Array>, key: OpenedWith): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else for (const identity of key.identities) addIdentity(decrypter, identity);
  try {
    return await decrypter.decrypt(sealed);
  } catch (cause) {
    throw new BadBackupError('It does not open: it was sealed to another key, or is no backup.', { cause });
  }
}

/** Nothing of what the line says is told: it may be another secret. */
function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity);
  } catch (cause) {
    throw new BadBackupError('The file with the private key holds a line that is none: kith identity makes one.', {
      cause,
    });
  }
}

/** How a file in the age format begins. */
const FIRST_LINE = 'age-encryption.org/v1\n';

export async function isSealed(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(FIRST_LINE.length), 0, FIRST_LINE.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === FIRST_LINE;
  } finally {
    await file.close();
  }
}

/** The lines of a key file that are not comments. */
export async function readKeyLines(path: string): Promise<readonly string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

/** The first line of a file; short ones are refused, as a backup lies where others may try for years. */
export async function readPassphrase(path: string): Promise<string> {
  const passphrase = (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0] ?? '';
  if (passphrase.length >= MIN_PASSPHRASE_LENGTH) return passphrase;
  throw new BadBackupError(`The passphrase in ${path} has fewer than ${MIN_PASSPHRASE_LENGTH} characters.`);
}
