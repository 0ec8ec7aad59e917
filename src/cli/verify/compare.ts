// Two photos compared, here or by a service.
import type { Static } from 'typebox';
import type { Outcome } from '../../core/decide.ts';
import type { FaceTarget } from '../../core/face-choice.ts';
import { DEFAULT_MIN_CONFIDENCE, DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { readFaceToCompare, verifyFaces } from '../../core/operations/verify-photos.ts';
import type { Box, Quality } from '../../core/types.ts';
import type { Verified } from '../../dialects/kith/photo-wire.ts';
import { type CommandContext, closing, loadParts, withProcesses } from '../command-context.ts';
import { readImageFile } from '../image-file.ts';
import { type Refusal, refusalOf } from '../refusals.ts';
import { coreQuality } from '../service/core-quality.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';

export interface ComparedFace {
  readonly box: Box;
  readonly quality: Quality;
}

export interface Comparison {
  readonly samePerson: boolean;
  readonly outcome: Outcome;
  readonly confidence: number;
  readonly score: number;
  readonly strangerRate: number;
  /** In the order of the files. */
  readonly faces: readonly ComparedFace[];
}

export interface RefusedFile {
  readonly file: string;
  readonly refusal: Refusal;
}

export type Compared = Comparison | { readonly refused: readonly RefusedFile[] };

type Pair<T> = readonly [T, T];

export function compareFiles(context: CommandContext, files: Pair<string>, target: FaceTarget): Promise<Compared> {
  const { service } = context;
  return service ? compareByService(service, files, target) : compareHere(context, files, target);
}

async function compareHere(context: CommandContext, files: Pair<string>, target: FaceTarget): Promise<Compared> {
  const recognitionModel = DEFAULT_RECOGNITION_MODEL;
  const { openEngine } = await loadParts();
  return closing(await openEngine(withProcesses(context.loadConfig(), files.length)), async (deps) => {
    const read = await readBoth(files, async (file) =>
      readFaceToCompare(deps, { image: await readImageFile(file), target, recognitionModel }),
    );
    if ('refused' in read) return read;
    const [a, b] = read.values;
    return { ...verifyFaces(deps, { a, b, recognitionModel }), faces: [a, b] };
  });
}

async function compareByService(service: ServiceClient, files: Pair<string>, target: FaceTarget): Promise<Compared> {
  const read = await readBoth(files, readImageFile);
  if ('refused' in read) return read;
  const [photo, other] = read.values;
  const wire = await import('../../dialects/kith/photo-wire.ts');
  const which = target === 'largest' ? { photoFace: 'largest', otherFace: 'largest' } : {};
  try {
    const verified = await service.call({
      method: 'POST',
      path: pathTo('verify'),
      query: which,
      photos: { photo, other },
      answers: wire.Verified,
      isRepeatable: true,
    });
    const { outcome, confidence, score, strangerRate, faces } = verified;
    return {
      samePerson: confidence >= DEFAULT_MIN_CONFIDENCE,
      outcome,
      confidence,
      score,
      strangerRate,
      faces: [comparedFace(faces.photo), comparedFace(faces.other)],
    };
  } catch (error) {
    return { refused: [refusedFile(files, refusalOf(error))] };
  }
}

/** The service says "photo" or "other" for the file that it can't compare. */
function refusedFile([first, second]: Pair<string>, { reason, message }: Refusal): RefusedFile {
  const [, name, rest = message] = /^"(photo|other)": (.*)$/s.exec(message) ?? [];
  return { file: name === 'other' ? second : first, refusal: { reason, message: rest } };
}

/** Both are looked at, so that of two bad photos both are told. */
async function readBoth<T>(
  files: Pair<string>,
  read: (file: string) => Promise<T>,
): Promise<{ readonly values: Pair<T> } | { readonly refused: readonly RefusedFile[] }> {
  const readOne = (file: string) =>
    read(file).then(
      (value) => ({ value }),
      (error: unknown) => ({ file, refusal: refusalOf(error) }),
    );
  const [a, b] = await Promise.all([readOne(files[0]), readOne(files[1])]);
  if ('value' in a && 'value' in b) return { values: [a.value, b.value] };
  return { refused: [a, b].flatMap((one) => ('refusal' in one ? [one] : [])) };
}

function comparedFace({ box, quality }: Static<typeof Verified>['faces']['photo']): ComparedFace {
  return { box, quality: coreQuality(quality) };
}
