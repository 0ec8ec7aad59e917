import { join } from 'node:path';
import { type AddedEmbedder, openAddedEmbedder } from './added-embedder.ts';
import { openBatch, openDetectorGraph, rewritePRelu } from './graph-patch.ts';
import { CATALOGUE, DETECTOR, LANDMARKER, type ModelFile, POSE_ESTIMATOR } from './model-catalogue.ts';
import { readModelFile } from './model-file.ts';
import { readAddedManifest, readModelWeights } from './models-folder.ts';
import { type OnnxModel, type OnnxOptions, openOnnxModel } from './onnx-session.ts';
import { type CentredInput, type MixedInput, takePixels } from './pixel-input.ts';

/** Every network of the pipeline, loaded; each takes RGB bytes, N×H×W×3. */
export interface FaceModels {
  readonly detector: OnnxModel;
  readonly landmarker: OnnxModel;
  readonly poseEstimator: OnnxModel;
  /** By pack id. */
  readonly embedders: ReadonlyMap<string, OnnxModel>;
  /** Those that owners brought, by pack id. */
  readonly addedEmbedders: ReadonlyMap<string, AddedEmbedder>;
}

/** Packs that owners brought, and the folder they lie in. */
export interface AddedPacks {
  readonly modelsDir: string;
  readonly packIds: readonly string[];
}

/** Reads, checks, patches and loads all networks at once. */
export async function openFaceModels(options: OnnxOptions, added?: AddedPacks): Promise<FaceModels> {
  const open = async (file: ModelFile, patch: GraphPatch): Promise<OnnxModel> =>
    openOnnxModel(patch(await readModelFile(file)), options);
  const [detector, landmarker, poseEstimator, ...embedders] = await Promise.all([
    open(DETECTOR, (graph) => takePixels(openDetectorGraph(graph), CENTRED_RGB)),
    open(LANDMARKER, (graph) => takePixels(openBatch(graph), LUMA)),
    open(POSE_ESTIMATOR, (graph) => takePixels(openBatch(graph), IMAGENET_RGB)),
    ...CATALOGUE.map((pack) => open(pack.embedder, (graph) => takePixels(rewritePRelu(openBatch(graph)), CENTRED_BGR))),
  ]);
  return {
    detector,
    landmarker,
    poseEstimator,
    embedders: new Map(CATALOGUE.map((pack, i) => [pack.packId, embedders[i] as OnnxModel])),
    addedEmbedders: added ? await openAddedEmbedders(added, options) : new Map(),
  };
}

async function openAddedEmbedders(
  { modelsDir, packIds }: AddedPacks,
  options: OnnxOptions,
): Promise<ReadonlyMap<string, AddedEmbedder>> {
  const embedders = new Map<string, AddedEmbedder>();
  for (const packId of packIds) {
    const manifest = await readAddedManifest(modelsDir, packId);
    const weights = await readModelWeights(join(modelsDir, packId), manifest);
    embedders.set(packId, await openAddedEmbedder(weights, manifest, options));
  }
  return embedders;
}

type GraphPatch = (graph: Uint8Array) => Uint8Array;

const CENTRED_RGB: CentredInput = { kind: 'centred' };
const CENTRED_BGR: MixedInput = {
  kind: 'mixed',
  rows: [
    [0, 0, 1 / 128],
    [0, 1 / 128, 0],
    [1 / 128, 0, 0],
  ],
  shifts: [-127 / 128, -127 / 128, -127 / 128],
};
/** Luma of ITU-R BT.601, over 256. */
const LUMA: MixedInput = { kind: 'mixed', rows: [[0.299 / 256, 0.587 / 256, 0.114 / 256]], shifts: [0] };
/** Mean and deviation of ImageNet's red, green and blue. */
const IMAGENET_RGB: MixedInput = {
  kind: 'mixed',
  rows: [
    [1 / (255 * 0.229), 0, 0],
    [0, 1 / (255 * 0.224), 0],
    [0, 0, 1 / (255 * 0.225)],
  ],
  shifts: [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
};
