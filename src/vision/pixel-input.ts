// Networks that take pixels as they lie in memory. Turning bytes into scaled planes is the runtime's work: vectorised
// there, it takes a tenth of the time that the same loop takes in JavaScript.
import onnxProto from 'onnx-proto';
import { attributeInts, floatTensor, graphOf, type Node } from './graph-patch.ts';

const { onnx } = onnxProto;

const TYPE_FLOAT = 1;
const TYPE_UINT8 = 2;
/** First operator set with DequantizeLinear; nothing the networks use changed its meaning on the way there. */
const DEQUANTIZE_OPSET = 10;
const ATTRIBUTE_INT = 2;

const PIXELS = 'pixels';
const PLANES = 'pixel_planes';

/** A byte b becomes (b − 127) / 128. */
export interface CentredInput {
  readonly kind: 'centred';
}

/** Plane i becomes `rows[i] · (red, green, blue) + shifts[i]`. */
export interface MixedInput {
  readonly kind: 'mixed';
  readonly rows: readonly (readonly [number, number, number])[];
  readonly shifts: readonly number[];
}

/** The network with its float planes replaced by one input `pixels`: N×H×W×3 bytes, RGB. */
export function takePixels(model: Uint8Array, input: CentredInput | MixedInput): Uint8Array {
  const proto = onnx.ModelProto.decode(model);
  const graph = graphOf(proto);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const planes = graph.input.find(({ name }) => !constants.has(name));
  if (!planes?.name) throw new Error('the network has no input');
  const target = planes.name;
  planes.name = PIXELS;
  planes.type = onnx.TypeProto.create({
    tensorType: {
      elemType: TYPE_UINT8,
      shape: { dim: [{ dimParam: 'N' }, { dimParam: 'H' }, { dimParam: 'W' }, { dimValue: 3 }] },
    },
  });
  const nodes: Node[] = [node('Transpose', [PIXELS], PLANES, [attributeInts('perm', [0, 3, 1, 2])])];
  if (input.kind === 'centred') {
    graph.initializer.push(
      floatTensor('pixel_scale', [], [1 / 128]),
      onnx.TensorProto.create({ name: 'pixel_zero', dims: [], dataType: TYPE_UINT8, rawData: Uint8Array.of(127) }),
    );
    nodes.push(node('DequantizeLinear', [PLANES, 'pixel_scale', 'pixel_zero'], target));
    for (const opset of proto.opsetImport) opset.version = DEQUANTIZE_OPSET;
  } else {
    graph.initializer.push(
      floatTensor('pixel_rows', [input.rows.length, 3, 1, 1], input.rows.flat()),
      floatTensor('pixel_shifts', [input.shifts.length], input.shifts),
    );
    nodes.push(
      node('Cast', [PLANES], 'pixel_floats', [
        onnx.AttributeProto.create({ name: 'to', type: ATTRIBUTE_INT, i: TYPE_FLOAT }),
      ]),
      node('Conv', ['pixel_floats', 'pixel_rows', 'pixel_shifts'], target, [attributeInts('kernel_shape', [1, 1])]),
    );
  }
  graph.node.unshift(...nodes);
  return onnx.ModelProto.encode(proto).finish();
}

function node(opType: string, input: string[], output: string, attribute: Node['attribute'] = []): Node {
  return onnx.NodeProto.create({ opType, name: output, input, output: [output], attribute: attribute ?? [] });
}
