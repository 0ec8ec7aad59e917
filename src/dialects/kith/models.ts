import Type from 'typebox';
import type { Deps } from '../../core/ports.ts';
import type { Routes } from './route.ts';
import { Models } from './wire.ts';

export function addModelsRoute(routes: Routes, deps: Pick<Deps, 'engine' | 'recognitionModels'>): void {
  routes.json({
    method: 'GET',
    path: '/models',
    summary: 'Model packs: whose weights they are, what is known of their training, where their error rates come from',
    permission: 'search',
    about: 'no-gallery',
    query: Type.Object({}),
    answers: Models,
    async handle() {
      const models = deps.engine.packs.map((pack) => ({
        pack: pack.packId,
        version: pack.version,
        description: pack.description,
        weightsLicence: pack.weightsLicence,
        trainingData: pack.trainingData,
        templateLength: pack.dims,
        calibratedOn: pack.calibration.measuredOn,
        recognitionModels: [...deps.recognitionModels].flatMap(([name, packId]) =>
          packId === pack.packId ? [name] : [],
        ),
      }));
      return { models };
    },
  });
}
