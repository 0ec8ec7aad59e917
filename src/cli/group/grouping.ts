// Faces sorted by person, here or by a service.
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { groupPhotoFaces, type PhotoFace, readPhotoFaces } from '../../core/operations/group-photos.ts';
import type { Box, Quality } from '../../core/types.ts';
import { type CommandContext, closing, loadParts, withProcesses } from '../command-context.ts';
import { coreQuality } from '../service/core-quality.ts';
import { pathTo } from '../service/path-to.ts';
import { PHOTOS_ON_THE_WAY } from '../service/photos-on-the-way.ts';
import type { ServiceClient } from '../service/service-client.ts';

export interface GroupedFace {
  readonly file: string;
  readonly box: Box;
  readonly quality: Quality;
}

export interface Grouping<F extends GroupedFace> {
  /** More faces than this are refused. */
  readonly maxFaces: number;
  readonly photosAtOnce: number;
  /** Faces good enough to be told from others. */
  read(file: string, image: Uint8Array): Promise<readonly F[]>;
  /** Likely one person each, the largest group first. */
  group(faces: readonly F[]): Promise<readonly (readonly GroupedFace[])[]>;
}

/** All pairs of faces are compared: 100 million of them take a minute, and their scores 800 MB. */
const MAX_FACES = 10_000;
/** How long a service keeps the sealed probes that it groups by: as long as a pile of photos takes to send. */
const PROBE_TTL_S = 3600;

export async function withGrouping<T>(
  context: CommandContext,
  photos: number,
  work: <F extends GroupedFace>(grouping: Grouping<F>) => Promise<T>,
): Promise<T> {
  if (context.service) return work(await groupingByService(context.service));
  const config = withProcesses(context.loadConfig(), photos);
  const recognitionModel = DEFAULT_RECOGNITION_MODEL;
  const { openEngine } = await loadParts();
  return closing(await openEngine(config), (deps) =>
    work<PhotoFace>({
      maxFaces: MAX_FACES,
      photosAtOnce: config.engineProcesses + 1,
      read: (file, image) => readPhotoFaces(deps, { file, image, recognitionModel }),
      group: (faces) => groupPhotoFaces(deps, faces, recognitionModel),
    }),
  );
}

type ProbedFace = GroupedFace & { readonly probeId: string };

async function groupingByService(service: ServiceClient): Promise<Grouping<ProbedFace>> {
  const { Detected, Grouped, MAX_PROBES_COMPARED } = await import('../../dialects/kith/photo-wire.ts');
  return {
    maxFaces: MAX_PROBES_COMPARED,
    photosAtOnce: PHOTOS_ON_THE_WAY,
    async read(file, photo) {
      const query = { keepForS: PROBE_TTL_S };
      const { faces } = await service.call({ method: 'POST', path: pathTo('detect'), query, photo, answers: Detected });
      return faces.flatMap(({ box, quality, probeId }) =>
        probeId === undefined || quality.level === 'low' ? [] : [{ file, box, quality: coreQuality(quality), probeId }],
      );
    },
    async group(faces) {
      if (faces.length === 0) return [];
      const byProbe = new Map(faces.map((face) => [face.probeId, face]));
      const path = pathTo('group');
      const json = { probeIds: [...byProbe.keys()] };
      const { groups, alone } = await service.call({
        method: 'POST',
        path,
        json,
        answers: Grouped,
        isRepeatable: true,
      });
      const everyone = [...groups, ...alone.map((probeId) => [probeId])];
      return everyone.map((group) => group.flatMap((probeId) => byProbe.get(probeId) ?? []));
    },
  };
}
