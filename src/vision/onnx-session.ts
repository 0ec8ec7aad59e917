// The only file that knows onnxruntime.
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface OnnxOptions {
  /** Threads one run may use. */
  readonly intraOpThreads: number;
}

/** A loaded network with one input. Calls run one after another. */
export interface OnnxModel {
  /** `values` in row-major order of `dims`; answers every output by name. */
  run(values: Uint8Array | Float32Array, dims: readonly number[]): Promise<Readonly<Record<string, Float32Array>>>;
  close(): Promise<void>;
}

/** Loads a serialised ONNX graph for the CPU. */
export async function openOnnxModel(graph: Uint8Array, options: OnnxOptions): Promise<OnnxModel> {
  const session = await InferenceSession.create(graph, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.intraOpThreads,
    interOpNumThreads: 1,
    // 3 = errors only: the exporter's unused constants make warnings by the dozen
    logSeverityLevel: 3,
    // Photos differ in shape: a memory plan kept for every shape would pile up
    enableMemPattern: false,
    // Waiting threads that spin would eat the cores other processes need
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const [inputName] = session.inputNames;
  if (session.inputNames.length !== 1 || inputName === undefined) throw new Error('expected a graph with one input');
  return {
    async run(values, dims) {
      const tensor =
        values instanceof Uint8Array ? new Tensor('uint8', values, dims) : new Tensor('float32', values, dims);
      const results = await session.run({ [inputName]: tensor });
      const outputs: Record<string, Float32Array> = {};
      for (const [name, tensor] of Object.entries(results)) {
        if (!(tensor.data instanceof Float32Array)) throw new Error(`output ${name} is ${tensor.type}, not float32`);
        outputs[name] = tensor.data;
      }
      return outputs;
    },
    close: () => session.release(),
  };
}
