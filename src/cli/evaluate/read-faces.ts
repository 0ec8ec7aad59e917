import type { LabelledFace } from '../../core/evaluation/labelled-face.ts';
import { chooseFace } from '../../core/face-choice.ts';
import { MAX_FACES_PER_IMAGE } from '../../core/limits.ts';
import type { Deps } from '../../core/ports.ts';
import type { AnalysedImage, Box, Face, QualityLevel } from '../../core/types.ts';
import { forEachConcurrently } from '../concurrently.ts';
import type { PlannedPhoto } from '../enrol/photo-plan.ts';
import { readImageFile } from '../image-file.ts';
import { startProgress } from '../progress.ts';
import { type Refusal, refusalOf } from '../refusals.ts';
import type { StopListener } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { QUALITY_IN_WORDS } from '../words.ts';

export type FaceRule = 'only' | 'largest' | 'centre';

export interface PhotoRefusal extends Refusal {
  readonly person: string;
  readonly file: string;
  readonly path: string;
}

/** Where a labelled face was found, to show it. */
export interface FacePlace {
  readonly path: string;
  readonly box: Box;
}

export interface ReadFaces {
  /** By person, then by file. */
  readonly faces: readonly LabelledFace[];
  /** Of each face. */
  readonly places: readonly FacePlace[];
  /** Failures to enrol: no face to be had, or one that enrolment would refuse. */
  readonly refusals: readonly PhotoRefusal[];
}

export interface ReadingOptions {
  readonly terminal: Terminal;
  readonly stop: StopListener;
  readonly packId: string;
  readonly photosAtOnce: number;
  readonly face: FaceRule;
  readonly minQuality: QualityLevel;
}

const LEVELS: readonly QualityLevel[] = ['low', 'medium', 'high'];

/** The template of whoever each photo is said to show. */
export async function readFaces(
  { engine }: Pick<Deps, 'engine'>,
  photos: readonly PlannedPhoto[],
  options: ReadingOptions,
): Promise<ReadFaces> {
  const read = new Map<PlannedPhoto, { readonly face: LabelledFace; readonly place: FacePlace }>();
  const refusals: PhotoRefusal[] = [];
  const progress = startProgress(options.terminal, photos.length);
  const { signal } = options.stop;
  try {
    await forEachConcurrently(photos, { limit: options.photosAtOnce, signal }, async (photo) => {
      const refuse = (refusal: Refusal): void => {
        refusals.push({ ...refusal, person: photo.personName, file: photo.file, path: photo.path });
      };
      try {
        const image = await readImageFile(photo.path);
        const { packId } = options;
        const analysed = await engine.analyse(image, {
          packId,
          maxFaces: MAX_FACES_PER_IMAGE,
          measure: true,
          embed: true,
        });
        const { template, quality, box } = faceMeant(analysed, options.face);
        if (!template || !quality) throw new Error('the engine left out what it was asked for');
        const enrollable = LEVELS.indexOf(quality.level) >= LEVELS.indexOf(options.minQuality);
        if (!enrollable) {
          const reasons = quality.reasons.map((reason) => QUALITY_IN_WORDS[reason]).join(', ');
          refuse({ reason: 'low-quality', message: `The face is not good enough to enrol: ${reasons}.` });
        }
        read.set(photo, {
          face: {
            personName: photo.personName,
            file: photo.file,
            vector: template.vector,
            qualityLevel: quality.level,
            enrollable,
          },
          place: { path: photo.path, box },
        });
      } catch (error) {
        refuse(refusalOf(error));
      }
      progress.advance(!read.has(photo));
    });
  } finally {
    progress.stop();
  }
  const inOrder = photos.flatMap((photo) => read.get(photo) ?? []);
  return {
    faces: inOrder.map(({ face }) => face),
    places: inOrder.map(({ place }) => place),
    refusals: refusals.sort((a, b) => (a.file < b.file ? -1 : 1)),
  };
}

/** The face a photo is about: its only one, its largest, or the one nearest its middle. */
function faceMeant(image: AnalysedImage, rule: FaceRule): Face {
  if (rule !== 'centre') return chooseFace(image, rule === 'largest' ? 'largest' : undefined);
  const offCentre = ({ box }: Face): number =>
    Math.hypot(box.leftPx + box.widthPx / 2 - image.widthPx / 2, box.topPx + box.heightPx / 2 - image.heightPx / 2);
  const faces = [...image.faces].sort((a, b) => offCentre(a) - offCentre(b));
  return chooseFace({ ...image, faces }, 'largest');
}
