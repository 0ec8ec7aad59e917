import { openBatch, openDetectorGraph, rewritePRelu } from './graph-patch.ts';
import { CATALOGUE, DETECTOR, LANDMARKER, type ModelFile, POSE_ESTIMATOR } from './model-catalogue.ts';
import { readModelFile } from './model-file.ts';
import { type OnnxModel, type OnnxOptions, openOnnxModel } from './onnx-session.ts';
import { type CentredInput, type MixedInput, takePixels } from './pixel-input.ts';

/** Every network of the pipeline, loaded; each takes RGB bytes, N×H×W×3. */
export interface FaceModels {
  readonly detector: OnnxModel;
  readonly landmarker: OnnxModel;
  readonly poseEstimator: OnnxModel;
  /** By pack id. */
  readonly embedders: ReadonlyMap<string, OnnxModel>;
}

/** Reads, checks, patches and loads all networks at once. */
export async function openFaceModels(options: OnnxOptions): Promise<FaceModels> {
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
  };
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
