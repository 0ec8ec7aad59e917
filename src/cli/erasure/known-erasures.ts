// What was erased, as commands see it: in the log of the data directory or behind a service.
import type { AuditRef } from '../../core/audit-types.ts';
import type { ErasedCounts, RecordedErasure, ReissuedReceipt, Signed } from '../../core/erasure-types.ts';
import type { CommandContext } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';

export interface KnownSubject {
  readonly what: 'person' | 'gallery' | 'tenant';
  readonly galleryKind?: string;
  readonly galleryId?: string;
  readonly personId?: string;
}

export interface KnownErasure extends Pick<RecordedErasure, 'record' | 'erasedAt' | 'cause' | 'keyId'> {
  readonly subject: KnownSubject;
  readonly removed?: ErasedCounts;
}

export interface KnownErasuresPage {
  readonly erasures: readonly KnownErasure[];
  readonly next?: string;
  readonly otherNodes: readonly string[];
}

export interface WantedPage {
  readonly galleryId?: string;
  readonly personId?: string;
  readonly limit: number;
  readonly before?: string;
}

/** The receipt with its subject as loosely as a service tells it. */
export type KnownReceipt = Signed<Omit<ReissuedReceipt, 'subject'> & { readonly subject: KnownSubject }>;

export interface KnownErasures {
  /** Newest first. */
  list(wanted: WantedPage): Promise<KnownErasuresPage>;
  /** Made out again; not-found for a record of nothing. */
  receipt(record: AuditRef): Promise<KnownReceipt>;
}

export interface OfTenant {
  readonly tenant?: string;
}

/** Wherever the command was told to work. */
export async function withErasures(
  context: CommandContext,
  { tenant }: OfTenant,
  work: (erasures: KnownErasures) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!context.service) return (await import('./local-erasures.ts')).withLocalErasures(context, tenant, work);
  if (tenant !== undefined) {
    throw new UsageError('A service goes by whose the key in --key-file is: leave out --tenant.');
  }
  const { openRemoteErasures } = await import('./remote-erasures.ts');
  return work(openRemoteErasures(context.service));
}

export function recordName({ chain, seq }: AuditRef): string {
  return `${chain}/${seq}`;
}

export function recordNamed(text: string): AuditRef {
  const [, chain, seq] = /^(\d{4}-[0-9a-f]{8})\/([1-9]\d{0,14})$/.exec(text) ?? [];
  if (chain !== undefined && seq !== undefined) return { chain, seq: Number(seq) };
  throw new UsageError(
    `"${printable(text)}" is no record: one looks like 0001-9f2c4e7a/57, and kith erasure list shows them.`,
  );
}

export function nameOf({ what, galleryId = '', personId }: KnownSubject, tenantId?: string): string {
  if (what === 'tenant') return tenantId === undefined ? 'the whole tenant' : `the tenant ${printable(tenantId)}`;
  const gallery = printable(galleryId);
  return personId === undefined ? `the gallery ${gallery}` : `the person ${printable(personId)} of ${gallery}`;
}
