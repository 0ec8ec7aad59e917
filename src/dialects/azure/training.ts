import Type, { type Static } from 'typebox';
import { getTrainedGallery, trainGallery } from '../../core/operations/train-gallery.ts';
import type { Deps } from '../../core/ports.ts';
import type { Gallery } from '../../core/types.ts';
import { acceptedHeaders } from './accepted.ts';
import type { ContainerWords } from './container-words.ts';
import { pathGallery, pathIds } from './containers.ts';
import type { Routes } from './route.ts';
import { dateTime } from './wire.ts';

const TrainingAnswer = Type.Object({
  status: Type.String({ enum: ['notStarted', 'running', 'succeeded', 'failed'] }),
  createdDateTime: Type.String(),
  lastActionDateTime: Type.String(),
  lastSuccessfulTrainingDateTime: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

/** Kith needs no training; Azure's clients ask for it, wait for it and rely on its states. */
export function addTrainingRoutes(routes: Routes, deps: Pick<Deps, 'store' | 'clock'>, words: ContainerWords): void {
  const common = { operation: 'container', tag: words.label, params: pathIds(words, {}) } as const;

  routes.json({
    ...common,
    method: 'POST',
    path: `/${words.path}/:${words.idName}/train`,
    summary: `Train a ${words.label.toLowerCase()}`,
    permission: 'enrol',
    success: 202,
    async handle(call) {
      const gallery = pathGallery(words, call);
      await trainGallery({ ...deps, audit: call.audit }, gallery);
      return { headers: acceptedHeaders(`${call.baseUrl}/${words.path}/${gallery.galleryId}/training`) };
    },
  });
  routes.json({
    ...common,
    method: 'GET',
    path: `/${words.path}/:${words.idName}/training`,
    summary: 'Get the state of the last training',
    permission: 'search',
    answers: TrainingAnswer,
    async handle(call) {
      return { body: azureTraining(await getTrainedGallery(deps, pathGallery(words, call))) };
    },
  });
}

function azureTraining({ training, createdMs, modifiedMs }: Gallery): Static<typeof TrainingAnswer> {
  return {
    status: training.status === 'never' ? 'notStarted' : training.status,
    createdDateTime: dateTime(createdMs),
    lastActionDateTime: dateTime(training.lastActionMs ?? modifiedMs),
    ...(training.lastSucceededMs === undefined
      ? {}
      : { lastSuccessfulTrainingDateTime: dateTime(training.lastSucceededMs) }),
    ...(training.message === undefined ? {} : { message: training.message }),
  };
}
