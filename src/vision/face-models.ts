import { openBatch, openDetectorGraph, rewritePRelu } from './graph-patch.ts';
import { CATALOGUE, DETECTOR, LANDMARKER, POSE_ESTIMATOR } from './model-catalogue.ts';
import { readModelFile } from './model-file.ts';
import { type OnnxModel, type OnnxOptions, openOnnxModel } from './onnx-session.ts';

/** Every network of the pipeline, loaded. */
export interface FaceModels {
  readonly detector: OnnxModel;
  readonly landmarker: OnnxModel;
  readonly poseEstimator: OnnxModel;
  /** By pack id. */
  readonly embedders: ReadonlyMap<string, OnnxModel>;
}

/** Reads, checks, patches and loads all models at once. */
export async function openFaceModels(options: OnnxOptions): Promise<FaceModels> {
  const open = async (file: Parameters<typeof readModelFile>[0], patch: (graph: Uint8Array) => Uint8Array) =>
    openOnnxModel(patch(await readModelFile(file)), options);
  const [detector, landmarker, poseEstimator, ...embedders] = await Promise.all([
    open(DETECTOR, openDetectorGraph),
    open(LANDMARKER, openBatch),
    open(POSE_ESTIMATOR, openBatch),
    ...CATALOGUE.map((pack) => open(pack.embedder, (graph) => rewritePRelu(openBatch(graph)))),
  ]);
  return {
    detector,
    landmarker,
    poseEstimator,
    embedders: new Map(CATALOGUE.map((pack, i) => [pack.packId, embedders[i] as OnnxModel])),
  };
}
