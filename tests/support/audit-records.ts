import { openAuditReader } from '../../src/audit/audit-reader.ts';

export interface AuditRecord {
  readonly [member: string]: unknown;
  readonly action: string;
  readonly outcome?: string;
  readonly gallery?: { readonly kind: string; readonly galleryId: string };
  readonly personIds?: readonly string[];
}

/** Every record of a log, chain by chain. */
export async function recordsIn(folder: string): Promise<AuditRecord[]> {
  const reader = await openAuditReader({ folder });
  const found: AuditRecord[] = [];
  for (const chain of reader.chains) {
    for await (const { lines } of reader.readRecords(chain)) {
      for (const { content } of lines) found.push(content as AuditRecord);
    }
  }
  return found;
}
