import { join } from 'node:path';
import type { AuditRecord, AuditRef } from '../core/audit-types.ts';
import { KithError } from '../core/errors.ts';
import type { RecordedDeed } from '../core/ports.ts';
import { AuditFaultError } from './audit-fault.ts';
import type { OpenedAuditLog } from './audit-log.ts';
import { listChains } from './chain-folder.ts';
import { HEAD_EVERY_MS } from './chain-limits.ts';
import { readDeed } from './read-deed.ts';
import type { VerifyingKey } from './signing-key.ts';

export interface VouchedLog {
  readonly folder: string;
  /** What this process writes. */
  readonly log: Pick<OpenedAuditLog, 'chain' | 'sign'>;
  /** What a deed is checked by: not the one that lies in the folder, which whoever changes the log could change too. */
  readonly key: VerifyingKey;
}

/** A deed that may be told to others under this log's signature; KithError for one that may not. */
export async function readVouchedDeed(
  { folder, key, log }: VouchedLog,
  { chain, seq }: AuditRef,
  isWanted: (begun: AuditRecord) => boolean,
): Promise<RecordedDeed | undefined> {
  // A name from outside is no path
  if (!(await listChains(folder)).includes(chain)) return undefined;
  const read = () => readDeed({ chainFolder: join(folder, chain), chain, key }, seq, isWanted);
  try {
    let deed = await read();
    if (deed === 'unsigned' && chain === log.chain) {
      await log.sign();
      deed = await read();
    }
    if (deed === 'unsigned') throw notSigned();
    return deed;
  } catch (error) {
    if (error instanceof AuditFaultError) throw changed(error);
    throw error;
  }
}

function notSigned(): KithError {
  return new KithError({
    kind: 'unavailable',
    part: 'audit',
    retryAfterS: HEAD_EVERY_MS / 1000,
    message: 'This record is not signed yet: whoever writes the log signs it every ten seconds. Try again then.',
  });
}

function changed({ fault: { chain, file, message } }: AuditFaultError): KithError {
  return new KithError({
    kind: 'conflict',
    resource: 'erasure',
    message:
      `The audit log is not what was written (${chain}/${file}: ${message}), so nothing is vouched for by it. ` +
      'kith audit verify names the line.',
  });
}
