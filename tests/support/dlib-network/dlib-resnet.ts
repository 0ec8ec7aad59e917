// dlib's face recognition network (King 2017, "dlib_face_recognition_resnet_model_v1"): a ResNet of 29 convolutions
// after He et al. (CVPR 2016), as an ONNX graph made from the weights that @vladmandic/face-api ships.
import { GraphBuilder } from './graph-builder.ts';
import type { WeightTensor } from './quantised-weights.ts';

export const DLIB_SIDE_PX = 150;
export const DLIB_DIMS = 128;

type Weights = ReadonlyMap<string, WeightTensor>;
/** Blocks by width; one named `down` halves the size. Its numbers are the side lengths before and after. */
const BLOCKS = [
  ...['conv32_1', 'conv32_2', 'conv32_3'],
  ...['conv64_down', 'conv64_1', 'conv64_2', 'conv64_3'],
  ...['conv128_down', 'conv128_1', 'conv128_2'],
  ...['conv256_down', 'conv256_1', 'conv256_2'],
  'conv256_down_out',
] as const;

/** Graph with input `planes` N×3×150×150, RGB, (x − mean) / 256, and `output` N×128, not of unit length. */
export function buildDlibResnet(weights: Weights): Uint8Array {
  const graph = new GraphBuilder();
  const layers = { graph, weights };
  let name = relu(graph, convolve(layers, 'conv32_down', { input: 'planes', stride: 2, padding: 0 }));
  name = graph.add('MaxPool', 'pool', { inputs: [name], ints: { kernel_shape: [3, 3], strides: [2, 2] } });
  // 150 → 72 by the first convolution → 35 by the pool
  let value: Value = { name, sidePx: 35, channels: 32 };
  for (const block of BLOCKS) value = addBlock(layers, block, value);
  const mean = graph.add('GlobalAveragePool', 'mean', { inputs: [value.name] });
  const flat = graph.add('Flatten', 'flat', { inputs: [mean] });
  const { shape, values } = tensorOf(weights, 'fc');
  const output = graph.add('MatMul', 'output', { inputs: [flat], constants: [{ dims: shape, values }] });
  return graph.build(
    { name: 'planes', dims: ['N', 3, DLIB_SIDE_PX, DLIB_SIDE_PX] },
    { name: output, dims: ['N', DLIB_DIMS] },
  );
}

interface Layers {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
}

interface Value {
  readonly name: string;
  readonly sidePx: number;
  readonly channels: number;
}

/**
 * relu(conv2(relu(conv1(x))) + x); where the block halves the size, x is averaged two by two. As dlib adds layers of
 * unlike shape, the smaller one is filled up with zeros: to the right, below, and in channels behind.
 */
function addBlock(layers: Layers, block: string, x: Value): Value {
  const { graph, weights } = layers;
  const halves = block.includes('down');
  const first = convolve(layers, `${block}/conv1`, {
    input: x.name,
    stride: halves ? 2 : 1,
    padding: halves ? 0 : 1,
  });
  const second = convolve(layers, `${block}/conv2`, { input: relu(graph, first), stride: 1, padding: 1 });
  const channels = tensorOf(weights, `${block}/conv2/conv/bias`).values.length;
  if (!halves) {
    return { ...x, name: relu(graph, graph.add('Add', `${block}/sum`, { inputs: [second, x.name] })) };
  }
  const pooled = graph.add('AveragePool', `${block}/pool`, {
    inputs: [x.name],
    ints: { kernel_shape: [2, 2], strides: [2, 2] },
  });
  const pooledSidePx = Math.floor(x.sidePx / 2);
  const convolvedSidePx = Math.floor((x.sidePx - 3) / 2) + 1;
  const filledUp = fillUp(graph, second, { sidePx: pooledSidePx - convolvedSidePx, channels: 0 });
  const shortcut = fillUp(graph, pooled, { sidePx: 0, channels: channels - x.channels });
  const sum = graph.add('Add', `${block}/sum`, { inputs: [filledUp, shortcut] });
  return { name: relu(graph, sum), sidePx: pooledSidePx, channels };
}

/** A convolution with the scaling that follows it worked into its weights. */
function convolve(
  { graph, weights }: Layers,
  layer: string,
  { input, stride, padding }: { readonly input: string; readonly stride: number; readonly padding: number },
): string {
  const filters = tensorOf(weights, `${layer}/conv/filters`);
  const bias = tensorOf(weights, `${layer}/conv/bias`).values;
  const scale = tensorOf(weights, `${layer}/scale/weights`).values;
  const shift = tensorOf(weights, `${layer}/scale/biases`).values;
  const [height = 0, width = 0, from = 0, to = 0] = filters.shape;
  // Stored as height × width × from × to; ONNX wants to × from × height × width
  const values = new Float32Array(filters.values.length);
  for (let place = 0; place < height * width; place++) {
    for (let i = 0; i < from; i++) {
      for (let o = 0; o < to; o++) {
        const value = filters.values[(place * from + i) * to + o] as number;
        values[(o * from + i) * height * width + place] = value * (scale[o] as number);
      }
    }
  }
  const offsets = bias.map((value, o) => value * (scale[o] as number) + (shift[o] as number));
  return graph.add('Conv', layer, {
    inputs: [input],
    constants: [
      { dims: [to, from, height, width], values },
      { dims: [to], values: offsets },
    ],
    ints: {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    },
  });
}

function relu(graph: GraphBuilder, input: string): string {
  return graph.add('Relu', `${input}/relu`, { inputs: [input] });
}

function fillUp(
  graph: GraphBuilder,
  input: string,
  by: { readonly sidePx: number; readonly channels: number },
): string {
  if (by.sidePx === 0 && by.channels === 0) return input;
  return graph.add('Pad', `${input}/filled`, {
    inputs: [input],
    ints: { pads: [0, 0, 0, 0, 0, by.channels, by.sidePx, by.sidePx] },
  });
}

function tensorOf(weights: Weights, name: string): WeightTensor {
  const tensor = weights.get(name);
  if (!tensor) throw new Error(`the weights lack ${name}`);
  return tensor;
}
