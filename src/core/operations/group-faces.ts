import { packFor } from '../checks.ts';
import { clusterTemplates } from '../cluster.ts';
import type { Deps } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';

export interface FaceGroups {
  /** Ids of probes that are likely one person each, the largest group first. */
  readonly groups: readonly (readonly string[])[];
  /** Ids of probes that are like no other. */
  readonly alone: readonly string[];
}

/**
 * Groups probes by person. Two groups become one while their mean score is at the pack's threshold for "the same
 * person" or above. The answer does not depend on the order of the ids. model-mismatch when the probes are of several
 * models.
 */
export async function groupFaces(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'engine' | 'recognitionModels'>,
  input: { readonly tenantId: string; readonly probeIds: readonly string[]; readonly signal?: AbortSignal },
): Promise<FaceGroups> {
  const probeIds = [...new Set(input.probeIds)].sort();
  const probes = await openProbes(deps, input.tenantId, probeIds);
  const [first] = probes;
  if (!first) return { groups: [], alone: [] };
  for (const probe of probes) {
    requireSameModel(probe, { recognitionModel: first.recognitionModel, packId: first.template.packId });
  }

  const { calibration } = packFor(deps, first.recognitionModel);
  const clusters = await clusterTemplates(
    probes.map((probe) => probe.template.vector),
    calibration.midpointScore,
    input.signal,
  );
  const named = clusters.map((cluster) => cluster.map((index) => probeIds[index] as string));
  return {
    groups: named
      .filter((group) => group.length > 1)
      .sort((a, b) => b.length - a.length || ordinal(a[0] as string, b[0] as string)),
    alone: named
      .filter((group) => group.length === 1)
      .flat()
      .sort(),
  };
}

function ordinal(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
