// An embedding network that the owner brought. It gets what its manifest says, and is tried before it is trusted.
import onnxProto from 'onnx-proto';
import type { Point } from '../core/types.ts';
import { ALIGNED_SIDE_PX, ARCFACE_POINTS, alignFaceTo } from './align.ts';
import type { FacePatch } from './face-patch.ts';
import { ModelRefusedError } from './model-refused-error.ts';
import { type OnnxModel, type OnnxOptions, openOnnxModel } from './onnx-session.ts';
import type { ModelManifest } from './parse-manifest.ts';

export interface AddedEmbedder {
  /** Unit template of a face. */
  embed(face: { readonly patch: FacePatch; readonly landmarks: readonly Point[] }): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Loads the weights and tries them on two made-up crops. ModelRefusedError says what is wrong and what to do. */
export async function openAddedEmbedder(
  weights: Uint8Array,
  manifest: ModelManifest,
  options: OnnxOptions,
): Promise<AddedEmbedder> {
  refuseOutsideData(weights, manifest);
  let model: OnnxModel;
  try {
    model = await openOnnxModel(weights, options);
  } catch (cause) {
    throw refusal(manifest, `can't be loaded as an ONNX network: ${firstLine(cause)}`, 'Export it again, whole', cause);
  }
  try {
    await tryOut(model, manifest);
  } catch (error) {
    await model.close();
    throw error;
  }
  const points = pointsOf(manifest);
  return {
    async embed({ patch, landmarks }) {
      const crop = patch.crop(alignFaceTo(points, landmarks), manifest.input.sidePx);
      return unit(await run(model, manifest, crop), manifest);
    },
    close: () => model.close(),
  };
}

/** ONNX may name further files for its weights, anywhere on the disk: those are never read. */
function refuseOutsideData(weights: Uint8Array, manifest: ModelManifest): void {
  const { onnx } = onnxProto;
  let model: ReturnType<typeof onnx.ModelProto.decode>;
  try {
    model = onnx.ModelProto.decode(weights);
  } catch (cause) {
    throw refusal(manifest, 'is no ONNX file, or only a part of one', 'Copy or export it again', cause);
  }
  const outside = model.graph?.initializer?.find(
    ({ dataLocation, externalData }) =>
      dataLocation === onnx.TensorProto.DataLocation.EXTERNAL || (externalData?.length ?? 0) > 0,
  );
  if (outside) {
    throw refusal(manifest, 'keeps weights in other files', 'Export it as one file (save_as_external_data=False)');
  }
}

/** Two crops that must give two templates, the same each time. */
async function tryOut(model: OnnxModel, manifest: ModelManifest): Promise<void> {
  const { sidePx } = manifest.input;
  const count = sidePx * sidePx * 3;
  const shaded = Uint8Array.from({ length: count }, (_, i) => (i * 7 + Math.floor(i / (3 * sidePx)) * 13) % 256);
  const first = unit(await run(model, manifest, shaded), manifest);
  const again = unit(await run(model, manifest, shaded), manifest);
  const grey = unit(await run(model, manifest, new Uint8Array(count).fill(128)), manifest);
  if (dot(first, again) < 0.9999) {
    throw refusal(manifest, 'gives another template each time', 'Export it for inference, without dropout');
  }
  if (dot(first, grey) > 0.99999) {
    throw refusal(manifest, 'gives the same template whatever it is shown', 'Check mean, scale and the export');
  }
}

async function run(model: OnnxModel, manifest: ModelManifest, crop: Uint8Array): Promise<Float32Array> {
  const { sidePx } = manifest.input;
  let outputs: Readonly<Record<string, Float32Array>>;
  try {
    outputs = await model.run(planesOf(crop, manifest.input), [1, 3, sidePx, sidePx]);
  } catch (cause) {
    const problem = `does not take 1 × 3 × ${sidePx} × ${sidePx} numbers: ${firstLine(cause)}`;
    throw refusal(manifest, problem, "Correct input.sidePx in the manifest to the network's own", cause);
  }
  const names = Object.keys(outputs);
  if (manifest.output === undefined && names.length > 1) {
    throw refusal(
      manifest,
      `has ${names.length} outputs (${names.join(', ')})`,
      'Name one in the manifest as "output"',
    );
  }
  const output = outputs[manifest.output ?? (names[0] as string)];
  if (!output)
    throw refusal(manifest, `has no output "${manifest.output}" but ${names.join(', ')}`, 'Name one of those');
  if (output.length !== manifest.dims) {
    const problem = `gives ${output.length} numbers where the manifest says dims ${manifest.dims}`;
    throw refusal(manifest, problem, 'Correct dims, or name another output');
  }
  return output;
}

function unit(output: Float32Array, manifest: ModelManifest): Float32Array {
  const length = Math.sqrt(dot(output, output));
  if (!Number.isFinite(length)) {
    throw refusal(
      manifest,
      'gives something that is no number',
      'Check mean and scale in the manifest, then the export',
    );
  }
  if (length === 0) throw refusal(manifest, 'gives nothing but zeros', 'Check mean and scale, then the export');
  return output.map((value) => value / length);
}

/** 1 × 3 × side × side, as the manifest says. */
function planesOf(crop: Uint8Array, { colourOrder, mean, scale }: ModelManifest['input']): Float32Array {
  const pixels = crop.length / 3;
  const planes = new Float32Array(crop.length);
  for (let plane = 0; plane < 3; plane++) {
    const colour = colourOrder === 'rgb' ? plane : 2 - plane;
    const offset = typeof mean === 'number' ? mean : (mean[colour] as number);
    const factor = typeof scale === 'number' ? scale : (scale[colour] as number);
    for (let i = 0; i < pixels; i++) {
      planes[plane * pixels + i] = ((crop[3 * i + colour] as number) - offset) * factor;
    }
  }
  return planes;
}

function pointsOf({ input }: ModelManifest): readonly Point[] {
  if (input.points) return input.points.map(([xPx, yPx]) => ({ xPx: xPx as number, yPx: yPx as number }));
  const scale = input.sidePx / ALIGNED_SIDE_PX;
  return ARCFACE_POINTS.map(({ xPx, yPx }) => ({ xPx: xPx * scale, yPx: yPx * scale }));
}

function refusal(manifest: ModelManifest, problem: string, remedy: string, cause?: unknown): ModelRefusedError {
  return new ModelRefusedError(`The model ${manifest.file} of the pack "${manifest.packId}" ${problem}. ${remedy}.`, {
    cause,
  });
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').slice(0, 300);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
