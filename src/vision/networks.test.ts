// The networks as Kith loads them against the networks as they are shipped.
import { describe, expect, test } from 'vitest';
import { samplePhoto } from '../../tests/support/photos.ts';
import { decodeAnchors } from './anchors.ts';
import { decodeImage } from './decode.ts';
import { openFaceModels } from './face-models.ts';
import { DETECTOR_REGRESSIONS, openBatch, rewritePRelu } from './graph-patch.ts';
import {
  CATALOGUE,
  DETECTOR,
  FAST_EMBEDDER,
  LANDMARKER,
  type ModelFile,
  POSE_ESTIMATOR,
  publicPack,
} from './model-catalogue.ts';
import { checkModelBytes, readModelFile } from './model-file.ts';
import { type OnnxModel, openOnnxModel } from './onnx-session.ts';

const OPTIONS = { intraOpThreads: 1 };
const models = await openFaceModels(OPTIONS);

async function asShipped(file: ModelFile): Promise<OnnxModel> {
  return openOnnxModel(await readModelFile(file), OPTIONS);
}

/** Part of a real photo, so that the networks have something to say. */
async function pixels(widthPx: number, heightPx: number): Promise<Uint8Array> {
  const { working } = await decodeImage(samplePhoto(6));
  const crop = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y++) {
    const from = ((300 + y) * working.widthPx + 1180) * 3;
    crop.set(working.data.subarray(from, from + widthPx * 3), y * widthPx * 3);
  }
  return crop;
}

/** Planes as the network was trained on them; `value` maps a byte of channel c. */
function planes(bytes: Uint8Array, order: readonly number[], value: (byte: number, channel: number) => number) {
  const count = bytes.length / 3;
  return Float32Array.from({ length: count * order.length }, (_, i) => {
    const channel = order[Math.floor(i / count)] as number;
    return value(bytes[(i % count) * 3 + channel] as number, channel);
  });
}

function worstDifference(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b || a.length !== b.length) throw new Error('outputs of different shape');
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] as number))), 0);
}

const centred = (byte: number): number => (byte - 127) / 128;

describe('patched networks answer as shipped ones do', () => {
  test('embedder: PReLU rewritten, BGR from pixels', async () => {
    const bytes = await pixels(112, 112);
    const shipped = await (await asShipped(FAST_EMBEDDER)).run(planes(bytes, [2, 1, 0], centred), [1, 3, 112, 112]);
    const ours = await models.embedders.get('fast')?.run(bytes, [1, 112, 112, 3]);
    expect(worstDifference(shipped.output, ours?.output)).toBeLessThan(1e-5);
  });

  test('embedder: rewriting leaves no PReLU', async () => {
    const graph = Buffer.from(rewritePRelu(openBatch(await readModelFile(FAST_EMBEDDER))));
    expect(graph.includes('PRelu')).toBe(false);
  });

  test('landmarks: luma from pixels', async () => {
    const bytes = await pixels(64, 64);
    const luma = Float32Array.from({ length: 64 * 64 }, (_, i) => {
      const [red = 0, green = 0, blue = 0] = bytes.subarray(i * 3, i * 3 + 3);
      return (0.299 * red + 0.587 * green + 0.114 * blue) / 256;
    });
    const shipped = await (await asShipped(LANDMARKER)).run(luma, [1, 1, 64, 64]);
    const ours = await models.landmarker.run(bytes, [1, 64, 64, 3]);
    expect(worstDifference(shipped.output, ours.output)).toBeLessThan(1e-5);
  });

  test('pose: ImageNet scaling from pixels', async () => {
    const bytes = await pixels(224, 224);
    const mean = [0.485, 0.456, 0.406];
    const deviation = [0.229, 0.224, 0.225];
    const scaled = planes(bytes, [0, 1, 2], (byte, c) => (byte / 255 - (mean[c] as number)) / (deviation[c] as number));
    const shipped = await (await asShipped(POSE_ESTIMATOR)).run(scaled, [1, 3, 224, 224]);
    const ours = await models.poseEstimator.run(bytes, [1, 224, 224, 3]);
    for (const name of Object.keys(shipped)) expect(worstDifference(shipped[name], ours[name])).toBeLessThan(1e-3);
  });

  test('detector: anchors decoded here are the boxes that the shipped graph decodes', async () => {
    const bytes = await pixels(320, 240);
    const shipped = await (await asShipped(DETECTOR)).run(planes(bytes, [0, 1, 2], centred), [1, 3, 240, 320]);
    const { scores, [DETECTOR_REGRESSIONS]: regressions } = await models.detector.run(bytes, [1, 240, 320, 3]);
    expect(worstDifference(shipped.scores, scores)).toBeLessThan(1e-5);
    const size = { widthPx: 320, heightPx: 240 };
    const boxes = decodeAnchors(
      { scores: scores as Float32Array, regressions: regressions as Float32Array },
      size,
      Number.NEGATIVE_INFINITY,
    );
    const flat = Float32Array.from(
      boxes.flatMap(({ left, top, right, bottom }) => [left / 320, top / 240, right / 320, bottom / 240]),
    );
    expect(flat.length).toBe(4420 * 4);
    expect(worstDifference(shipped.boxes, flat)).toBeLessThan(1e-4);
  });
});

describe('patched networks take what shipped ones do not', () => {
  test('several faces at once, each as if alone', async () => {
    const bytes = await pixels(64, 128);
    const both = await models.landmarker.run(bytes, [2, 64, 64, 3]);
    const second = await models.landmarker.run(bytes.subarray(64 * 64 * 3), [1, 64, 64, 3]);
    expect(worstDifference(both.output?.subarray(136), second.output)).toBeLessThan(1e-5);
    const faces = await pixels(112, 224);
    const embedder = models.embedders.get('fast') as OnnxModel;
    const pair = await embedder.run(faces, [2, 112, 112, 3]);
    const last = await embedder.run(faces.subarray(112 * 112 * 3), [1, 112, 112, 3]);
    expect(worstDifference(pair.output?.subarray(512), last.output)).toBeLessThan(1e-4);
    const heads = await pixels(224, 448);
    const poses = await models.poseEstimator.run(heads, [2, 224, 224, 3]);
    const pose = await models.poseEstimator.run(heads.subarray(224 * 224 * 3), [1, 224, 224, 3]);
    expect(worstDifference(poses.output?.subarray(66), pose.output)).toBeLessThan(1e-3);
  });

  test.each([
    [33, 17],
    [101, 250],
    [640, 427],
  ])('a photo of %i × %i', async (widthPx, heightPx) => {
    const { scores, [DETECTOR_REGRESSIONS]: regressions } = await models.detector.run(await pixels(widthPx, heightPx), [
      1,
      heightPx,
      widthPx,
      3,
    ]);
    const output = { scores: scores as Float32Array, regressions: regressions as Float32Array };
    // Throws unless the count of anchors fits the size
    expect(() => decodeAnchors(output, { widthPx, heightPx }, 0.5)).not.toThrow();
  });
});

describe('model files', () => {
  test('one changed byte is refused, with what to do', async () => {
    const bytes = Uint8Array.from(await readModelFile(FAST_EMBEDDER));
    expect(() => checkModelBytes(FAST_EMBEDDER, bytes)).not.toThrow();
    bytes[1000] = (bytes[1000] as number) ^ 1;
    expect(() => checkModelBytes(FAST_EMBEDDER, bytes)).toThrow(/fr_feature is not the one .*npm ci/);
  });

  test('an absent package is named, with what to do', async () => {
    const absent = { ...FAST_EMBEDDER, npmPackage: 'no-such-package-of-models', version: '1.0.0' };
    await expect(readModelFile(absent)).rejects.toThrow(/no-such-package-of-models@1.0.0 is not installed.*npm ci/);
  });

  test('a pack says what is known of it, and its rates fall as scores rise', () => {
    for (const pack of CATALOGUE.map(publicPack)) {
      expect(pack.weightsLicence).not.toBe('');
      expect(pack.trainingData).not.toBe('');
      const { impostorTail } = pack.calibration;
      for (const [i, { score, falseMatchRate }] of impostorTail.entries()) {
        const before = impostorTail[i - 1] ?? { score: -1, falseMatchRate: 1 };
        expect(score).toBeGreaterThan(before.score);
        expect(falseMatchRate).toBeLessThan(before.falseMatchRate);
      }
    }
  });
});
