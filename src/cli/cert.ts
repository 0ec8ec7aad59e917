import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { CertificateAndKey } from './certificates.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';

interface CertOptions {
  readonly out: string;
  readonly host: readonly string[];
  readonly force?: true;
  readonly newCa?: true;
}

const FILES = {
  caCert: 'kith-ca.pem',
  caKey: 'kith-ca-key.pem',
  serverCert: 'kith-server.pem',
  serverKey: 'kith-server-key.pem',
} as const;

export function addCertCommand(program: Command, run: RunCommand): void {
  program
    .command('cert')
    .description('Makes a local certificate authority and a server certificate for HTTPS.')
    .option('--out <folder>', 'where the files go', 'tls')
    .addOption(
      new Option('--host <name...>', 'names and addresses of the server beside localhost, 127.0.0.1 and ::1').default(
        [],
        'none',
      ),
    )
    .option('--force', 'make a new server certificate where there is one')
    .option('--new-ca', 'make a new authority too, which clients must then trust anew')
    .addHelpText('after', '\nExample:\n  kith cert --out /etc/kith/tls --host kith.example.org 192.168.1.20')
    .action((options: CertOptions, command: Command) => run(command, (context) => makeFiles(context, options)));
}

async function makeFiles({ terminal }: CommandContext, options: CertOptions): Promise<ExitCode> {
  const folder = resolve(options.out);
  const path = (file: keyof typeof FILES) => join(folder, FILES[file]);
  const ca = options.newCa ? undefined : await readAuthority(path('caCert'), path('caKey'));
  if (options.newCa && !options.force && (await exists(path('caCert')))) {
    throw new UsageError(
      `${path('caCert')} is there: replacing it ends the trust of every client. Add --force if that is meant.`,
    );
  }
  if (!options.force && (await exists(path('serverCert')))) {
    throw new UsageError(`${path('serverCert')} is there. Add --force to replace it; the authority stays.`);
  }

  const { makeCertificates } = await import('./certificates.ts');
  const made = await makeCertificates({ hosts: options.host, ...(ca ? { ca } : {}) });
  await mkdir(folder, { recursive: true });
  if (!ca) {
    await writePem(path('caKey'), made.ca.key, 0o600);
    await writePem(path('caCert'), made.ca.cert, 0o644);
  }
  await writePem(path('serverKey'), made.server.key, 0o600);
  await writePem(path('serverCert'), made.server.cert, 0o644);

  terminal.record({
    type: 'certificates',
    caCert: path('caCert'),
    caKey: path('caKey'),
    serverCert: path('serverCert'),
    serverKey: path('serverKey'),
    authority: ca ? 'kept' : 'made',
  });
  for (const line of howToTrust(path, ca !== undefined)) terminal.say(line);
  return EXIT.done;
}

async function readAuthority(certPath: string, keyPath: string): Promise<CertificateAndKey | undefined> {
  const hasCert = await exists(certPath);
  const hasKey = await exists(keyPath);
  if (!hasCert && !hasKey) return undefined;
  if (!hasCert || !hasKey) {
    throw new UsageError(
      `Of the authority only ${hasCert ? certPath : keyPath} is there: put the other one back, or make a new authority with --new-ca --force.`,
    );
  }
  return { cert: await readFile(certPath, 'utf8'), key: await readFile(keyPath, 'utf8') };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Whole or not at all, and never readable by others for a moment. */
async function writePem(path: string, pem: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx', mode);
    await file.writeFile(pem);
    await file.sync();
  } finally {
    await file?.close();
  }
  await rename(temporary, path);
}

function howToTrust(path: (file: keyof typeof FILES) => string, isOldAuthority: boolean): string[] {
  const ca = path('caCert');
  return [
    isOldAuthority
      ? `Made a server certificate (397 days), signed by the authority that was there: clients that trust it need nothing new.`
      : `Made a certificate authority (5 years) and a server certificate (397 days).`,
    '',
    'Start Kith with HTTPS:',
    `  export KITH_TLS_CERT=${quote(path('serverCert'))}`,
    `  export KITH_TLS_KEY=${quote(path('serverKey'))}`,
    '  npm start',
    '',
    'Let clients trust it, one of:',
    `  Node.js      export NODE_EXTRA_CA_CERTS=${quote(ca)}`,
    `  Python       export REQUESTS_CA_BUNDLE=${quote(ca)}   (SSL_CERT_FILE for httpx)`,
    `  curl         curl --cacert ${quote(ca)} https://localhost:8484/…`,
    `  Debian       sudo cp ${quote(ca)} /usr/local/share/ca-certificates/kith-ca.crt && sudo update-ca-certificates`,
    `  Fedora       sudo trust anchor ${quote(ca)}`,
    `  macOS        sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain ${quote(ca)}`,
    `  Windows      certutil -addstore -f Root ${quote(ca)}`,
    '',
    `Whoever has ${path('caKey')} can pretend to be any server to those clients: keep it to yourself.`,
  ];
}

/** For a shell, where the path needs it. */
function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
