import { packFor } from '../checks.ts';
import { MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { Face } from '../types.ts';

export interface FoundFaces {
  /** Size after EXIF orientation. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Largest first, measured and judged; none is an empty list. */
  readonly faces: readonly Omit<Face, 'template'>[];
}

/** Finds and measures the faces of a photo, and keeps nothing that could recognise them. */
export async function findFaces(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  photo: { readonly image: Uint8Array; readonly recognitionModel: string; readonly signal?: AbortSignal },
): Promise<FoundFaces> {
  const { packId } = packFor(deps, photo.recognitionModel);
  // The length of a template says how well the face would be recognised
  const options = { packId, maxFaces: MAX_FACES_PER_IMAGE, measure: true, embed: true };
  const { faces, widthPx, heightPx } = await deps.engine.analyse(photo.image, options, photo.signal);
  return { widthPx, heightPx, faces: faces.map(({ template: _, ...face }) => face) };
}
