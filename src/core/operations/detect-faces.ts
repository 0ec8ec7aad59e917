import { packFor } from '../checks.ts';
import { MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import type { Face } from '../types.ts';

export interface DetectFacesInput {
  readonly tenantId: string;
  readonly image: Uint8Array;
  readonly recognitionModel: string;
  /** Pose, blur and the rest, and quality. */
  readonly measure: boolean;
  /** Keep a probe of each face for later searches, this long; undefined keeps nothing. */
  readonly probeTtlS: number | undefined;
  readonly signal?: AbortSignal;
}

export interface DetectedFace {
  readonly face: Omit<Face, 'template'>;
  readonly probeId?: string;
}

export interface DetectedFaces {
  /** Size after EXIF orientation. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Largest first; none is an empty list. */
  readonly faces: readonly DetectedFace[];
}

/** The photo itself is never kept. */
export async function detectFaces(
  deps: Pick<Deps, 'store' | 'vault' | 'engine' | 'clock' | 'newId' | 'recognitionModels'> & Acting,
  input: DetectFacesInput,
): Promise<DetectedFaces> {
  const pack = packFor(deps, input.recognitionModel);
  const { probeTtlS } = input;
  const options = {
    packId: pack.packId,
    maxFaces: MAX_FACES_PER_IMAGE,
    // A probe carries its quality along.
    measure: input.measure || probeTtlS !== undefined,
    embed: probeTtlS !== undefined,
  };
  const { faces, widthPx, heightPx } = await deps.engine.analyse(input.image, options, input.signal);
  if (probeTtlS === undefined) return { widthPx, heightPx, faces: faces.map(({ template: _, ...face }) => ({ face })) };

  const expiresMs = deps.clock.nowMs() + probeTtlS * 1000;
  const kept = faces.map(({ template, ...face }) => {
    if (!template || !face.quality) throw new Error('the engine left out what it was asked for');
    const probe = {
      probeId: deps.newId(),
      recognitionModel: input.recognitionModel,
      packId: pack.packId,
      quality: face.quality,
      sealedTemplate: deps.vault.sealProbe(input.tenantId, template.vector),
      expiresMs,
    };
    return { face, probe };
  });
  if (kept.length > 0) {
    const probes = kept.map(({ probe }) => probe);
    const { recognitionModel } = input;
    const probeIds = probes.map(({ probeId }) => probeId);
    await deps.audit.record({
      action: 'detect-kept',
      outcome: 'done',
      recognitionModel,
      packId: pack.packId,
      probeIds,
    });
    await deps.store.insertProbes(input.tenantId, probes);
  }
  return { widthPx, heightPx, faces: kept.map(({ face, probe }) => ({ face, probeId: probe.probeId })) };
}
