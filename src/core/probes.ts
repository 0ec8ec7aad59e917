import { KithError } from './errors.ts';
import type { Deps } from './ports.ts';
import type { Probe } from './types.ts';

/** The probes in the order of their ids; not-found names the first that is unknown or expired. */
export async function openProbes(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'>,
  tenantId: string,
  probeIds: readonly string[],
): Promise<readonly Probe[]> {
  const sealed = await deps.store.findProbes(tenantId, probeIds, deps.clock.nowMs());
  return probeIds.map((probeId) => {
    const probe = sealed.get(probeId);
    if (!probe) throw new KithError({ kind: 'not-found', resource: 'probe', id: probeId, byReference: true });
    const { sealedTemplate, packId, ...rest } = probe;
    return { ...rest, template: { packId, vector: deps.vault.openProbe(tenantId, sealedTemplate) } };
  });
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
