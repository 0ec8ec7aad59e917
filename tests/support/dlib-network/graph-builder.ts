import onnxProto from 'onnx-proto';
import { attributeInts, floatTensor, type Node } from '../../../src/vision/graph-patch.ts';

const { onnx } = onnxProto;
type Tensor = ReturnType<typeof floatTensor>;

const TYPE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const OPSET = 9;
const IR_VERSION = 4;

/** Builds a network of one float input and one float output, node by node. Values go by the names of their nodes. */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #constants: Tensor[] = [];

  /** Adds a node, with the constants it takes after `inputs`; answers the name of its output, which is `name`. */
  add(opType: string, name: string, parts: NodeParts): string {
    const constants = (parts.constants ?? []).map(({ dims, values }, i) => {
      const constant = `${name}_${i}`;
      this.#constants.push(floatTensor(constant, [...dims], values));
      return constant;
    });
    const attribute = Object.entries(parts.ints ?? {}).map(([key, value]) =>
      typeof value === 'number'
        ? onnx.AttributeProto.create({ name: key, type: ATTRIBUTE_INT, i: value })
        : attributeInts(key, [...value]),
    );
    this.#nodes.push(
      onnx.NodeProto.create({ opType, name, input: [...parts.inputs, ...constants], output: [name], attribute }),
    );
    return name;
  }

  /** The model's bytes. Dimensions are numbers, or names where any size will do. */
  build(
    input: { readonly name: string; readonly dims: readonly (number | string)[] },
    output: { readonly name: string; readonly dims: readonly (number | string)[] },
  ): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion: IR_VERSION,
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name: output.name,
        node: this.#nodes,
        initializer: this.#constants,
        input: [floatValue(input)],
        output: [floatValue(output)],
      },
    });
    return onnx.ModelProto.encode(model).finish();
  }
}

export interface NodeParts {
  readonly inputs: readonly string[];
  readonly constants?: readonly { readonly dims: readonly number[]; readonly values: ArrayLike<number> }[];
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
}

function floatValue({ name, dims }: { readonly name: string; readonly dims: readonly (number | string)[] }) {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: TYPE_FLOAT, shape: { dim } } } };
}
