import { KithError } from './errors.ts';
import { nextTurn } from './next-turn.ts';
import type { Deps } from './ports.ts';
import type { Probe } from './types.ts';

/** Opened before other work gets its turn: some ms. */
const PROBES_PER_TURN = 200;

/** The probes in the order of their ids; not-found names the first that is unknown or expired. */
export async function openProbes(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  tenantId: string,
  probeIds: readonly string[],
): Promise<readonly Probe[]> {
  const sealed = await deps.store.findProbes(tenantId, probeIds, deps.clock.nowMs());
  const opened: Probe[] = [];
  for (const [i, probeId] of probeIds.entries()) {
    const probe = sealed.get(probeId);
    if (!probe) throw new KithError({ kind: 'not-found', resource: 'probe', id: probeId, byReference: true });
    const { sealedTemplate, packId, ...rest } = probe;
    opened.push({ ...rest, template: { packId, vector: deps.vault.openProbe(tenantId, sealedTemplate) } });
    if ((i + 1) % PROBES_PER_TURN === 0) await nextTurn();
  }
  return opened;
}

/** Templates compare only under one name and one pack, whatever the pack behind two names may be. */
export function requireSameModel(
  probe: Probe,
  other: { readonly recognitionModel: string; readonly packId: string },
): void {
  if (probe.recognitionModel !== other.recognitionModel || probe.template.packId !== other.packId) {
    throw new KithError({
      kind: 'model-mismatch',
      message: `The face was read with ${probe.recognitionModel} (${probe.template.packId}), the other side with ${other.recognitionModel} (${other.packId}): detect it again with the same model.`,
    });
  }
}
