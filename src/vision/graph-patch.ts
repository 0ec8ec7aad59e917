// Changes to the shipped graphs, made in memory at load. The weights stay as they are.
import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;
type Graph = InstanceType<typeof onnx.GraphProto>;
export type Node = Graph['node'][number];
type Tensor = Graph['initializer'][number];

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

/** Raw box regressions of the detector, four an anchor; the name the exporter gave them. */
export const DETECTOR_REGRESSIONS = '462';

/**
 * Detector without its decoding tail: the exporter baked the anchors of 320 × 240 into it. Cut before, it takes any
 * height and width and answers `scores` N×P×2 and `462` N×P×4.
 */
export function openDetectorGraph(model: Uint8Array): Uint8Array {
  return patchGraph(model, (graph) => {
    const tailStart = graph.node.findIndex((node) => node.opType === 'Slice');
    if (tailStart < 0) throw new Error('the detector graph has no decoding tail to cut');
    graph.node = graph.node.slice(0, tailStart);
    const boxes = graph.output.find((output) => output.name === 'boxes');
    if (!boxes) throw new Error('the detector graph has no output named boxes');
    boxes.name = DETECTOR_REGRESSIONS;
    nameDims(graph, ['N', undefined, 'H', 'W'], ['N', 'P']);
  });
}

/** Batch dimension of a plain convolutional graph made symbolic. */
export function openBatch(model: Uint8Array): Uint8Array {
  return patchGraph(model, (graph) => {
    for (const name of constantShapesOf(graph)) {
      const shape = graph.initializer.find((tensor) => tensor.name === name);
      const dims = shape && int64Values(shape);
      if (shape && dims?.[0] === 1n) shape.rawData = bytesOf(BigInt64Array.of(0n, ...dims.slice(1)));
    }
    for (const node of graph.node) {
      const tensor = node.opType === 'Constant' ? node.attribute?.[0]?.t : undefined;
      if (!tensor || tensor.dataType !== INT64 || tensor.dims?.length !== 1 || Number(tensor.dims[0]) < 3) continue;
      // A shape of three or more that starts with 1 is a baked batch; 0 means "as the input has it"
      const dims = int64Values(tensor);
      if (dims[0] === 1n) tensor.rawData = bytesOf(BigInt64Array.of(0n, ...dims.slice(1)));
    }
    nameDims(graph, ['N'], ['N']);
  });
}

/**
 * PReLU(x) = a·x + (1 − a)·relu(x), written as Relu, two depthwise 1×1 convolutions and Add. The runtime has no PReLU
 * for its blocked memory layout and would convert to and fro around each of them; its convolutions it has.
 */
export function rewritePRelu(model: Uint8Array): Uint8Array {
  return patchGraph(model, (graph) => {
    let count = 0;
    graph.node = graph.node.flatMap((node) => (node.opType === 'PRelu' ? splitPRelu(graph, node, count++) : [node]));
  });
}

function splitPRelu(graph: Graph, node: Node, number: number): Node[] {
  const [input, slopeName] = node.input ?? [];
  const [output] = node.output ?? [];
  const slopes = graph.initializer.find((tensor) => tensor.name === slopeName);
  if (!input || !output || !slopes) throw new Error(`PReLU ${number} has no constant slopes`);
  const slope = floatValues(slopes);
  const relu = `prelu${number}_relu`;
  const scaled = (from: string, to: string, factors: Float32Array): Node => {
    const weights = `${to}_weights`;
    graph.initializer.push(floatTensor(weights, [factors.length, 1, 1, 1], factors));
    return onnx.NodeProto.create({
      opType: 'Conv',
      name: to,
      input: [from, weights],
      output: [to],
      attribute: [
        attributeInts('dilations', [1, 1]),
        onnx.AttributeProto.create({ name: 'group', type: ATTRIBUTE_INT, i: factors.length }),
        attributeInts('kernel_shape', [1, 1]),
        attributeInts('pads', [0, 0, 0, 0]),
        attributeInts('strides', [1, 1]),
      ],
    });
  };
  const whole = `prelu${number}_whole`;
  const positive = `prelu${number}_positive`;
  return [
    onnx.NodeProto.create({ opType: 'Relu', name: relu, input: [input], output: [relu] }),
    scaled(input, whole, slope),
    scaled(
      relu,
      positive,
      slope.map((a) => 1 - a),
    ),
    onnx.NodeProto.create({ opType: 'Add', name: `prelu${number}`, input: [whole, positive], output: [output] }),
  ];
}

function patchGraph(model: Uint8Array, patch: (graph: Graph) => void): Uint8Array {
  const proto = onnx.ModelProto.decode(model);
  const graph = graphOf(proto);
  patch(graph);
  // Shapes the exporter noted between nodes no longer hold
  graph.valueInfo = [];
  return onnx.ModelProto.encode(proto).finish();
}

export function graphOf(proto: InstanceType<typeof onnx.ModelProto>): Graph {
  if (!proto.graph) throw new Error('the model file has no graph');
  return proto.graph as Graph;
}

/** Gives the first dimensions of the input and of every output a name instead of a number. */
function nameDims(graph: Graph, inputDims: readonly (string | undefined)[], outputDims: readonly string[]): void {
  const constants = new Set(graph.initializer.map((tensor) => tensor.name));
  const rename = (values: Graph['input'], names: readonly (string | undefined)[]): void => {
    for (const value of values) {
      const dims = value.type?.tensorType?.shape?.dim ?? [];
      names.forEach((name, i) => {
        if (name && i < dims.length) dims[i] = onnx.TensorShapeProto.Dimension.create({ dimParam: name });
      });
    }
  };
  rename(
    graph.input.filter((input) => !constants.has(input.name)),
    inputDims,
  );
  rename(graph.output, outputDims);
}

/** Names of constants that a Reshape takes as its target. */
function constantShapesOf(graph: Graph): readonly string[] {
  return graph.node.flatMap((node) => (node.opType === 'Reshape' && node.input?.[1] ? [node.input[1]] : []));
}

export function attributeInts(name: string, ints: number[]): InstanceType<typeof onnx.AttributeProto> {
  return onnx.AttributeProto.create({ name, type: ATTRIBUTE_INTS, ints });
}

export function floatTensor(name: string, dims: number[], values: ArrayLike<number>): Tensor {
  return onnx.TensorProto.create({ name, dims, dataType: FLOAT, rawData: bytesOf(Float32Array.from(values)) });
}

function floatValues({ rawData, floatData }: Tensor): Float32Array {
  return rawData && rawData.length > 0 ? new Float32Array(copyBuffer(rawData)) : Float32Array.from(floatData ?? []);
}

function int64Values({ rawData }: Tensor): BigInt64Array {
  return new BigInt64Array(copyBuffer(rawData ?? new Uint8Array()));
}

function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A buffer of its own: a protobuf view may start at any byte, typed arrays may not. */
function copyBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
