// The faces of a photo, found here or by a service.
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { findFaces } from '../../core/operations/find-faces.ts';
import type { Face } from '../../core/types.ts';
import { type CommandContext, closing, loadParts, withProcesses } from '../command-context.ts';
import { coreQuality } from '../service/core-quality.ts';
import { pathTo } from '../service/path-to.ts';
import { PHOTOS_ON_THE_WAY } from '../service/photos-on-the-way.ts';
import type { ServiceClient } from '../service/service-client.ts';

export interface SeenPhoto {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Largest first; a service tells the place and the quality only. */
  readonly faces: readonly SeenFace[];
}

export type SeenFace = Pick<Face, 'box' | 'quality' | 'measurements'> & Partial<Pick<Face, 'detectorScore'>>;

export type LookAt = (image: Uint8Array) => Promise<SeenPhoto>;

export async function withLookAt<T>(
  context: CommandContext,
  photos: number,
  work: (lookAt: LookAt, photosAtOnce: number) => Promise<T>,
): Promise<T> {
  const { service } = context;
  if (service) return work((image) => askService(service, image), PHOTOS_ON_THE_WAY);
  const config = withProcesses(context.loadConfig(), photos);
  const { openEngine } = await loadParts();
  return closing(await openEngine(config), (deps) =>
    work(
      (image) => findFaces(deps, { image, recognitionModel: DEFAULT_RECOGNITION_MODEL }),
      config.engineProcesses + 1,
    ),
  );
}

async function askService(service: ServiceClient, photo: Uint8Array): Promise<SeenPhoto> {
  const { Detected } = await import('../../dialects/kith/photo-wire.ts');
  const path = pathTo('detect');
  const { faces, ...size } = await service.call({ method: 'POST', path, photo, answers: Detected, isRepeatable: true });
  return {
    ...size,
    faces: faces.map(({ box, quality }) => ({ box, quality: coreQuality(quality) })),
  };
}
