// What was erased, when and why, as the audit log has it.
import type { RecordedErasure } from '../erasure-types.ts';
import type { Deps } from '../ports.ts';
import { ERASURES, isErasureWithin, recordedErasure } from '../recorded-erasure.ts';
import type { KeyBounds } from '../types.ts';

export interface WantedErasures {
  readonly tenantId: string;
  /** Of the key that asks: what lies beyond them is left out. */
  readonly bounds?: KeyBounds | undefined;
  readonly galleryId?: string;
  readonly personId?: string;
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface ErasuresPage {
  /** Newest first. Fewer than asked for, or none, where looking any longer would keep the caller waiting. */
  readonly erasures: readonly RecordedErasure[];
  readonly next?: string;
  /** Nodes whose erasures stand in their own logs, and not in this list. */
  readonly otherNodes: readonly string[];
}

export async function listErasures(
  deps: Pick<Deps, 'auditHistory' | 'store'>,
  { bounds, ...wanted }: WantedErasures,
): Promise<ErasuresPage> {
  const { records, next } = await deps.auditHistory.read({ ...wanted, actions: ERASURES, outcome: 'done' });
  const erasures: RecordedErasure[] = [];
  for (const record of records) {
    const erasure = recordedErasure(record);
    if (erasure && (await isErasureWithin(deps, bounds, erasure))) erasures.push(erasure);
  }
  const otherNodes = await deps.auditHistory.otherNodes();
  return { erasures, otherNodes, ...(next === undefined ? {} : { next }) };
}
