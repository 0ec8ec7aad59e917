import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import onnxProto from 'onnx-proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../tests/support/dlib-network/graph-builder.ts';
import { openAddedEmbedder } from './added-embedder.ts';
import { packOf } from './model-manifest.ts';
import { ModelRefusedError } from './model-refused-error.ts';
import { addPack, listAddedPacks, readAddedManifest, readManifest, readModelWeights } from './models-folder.ts';

const SIDE_PX = 32;
const DIMS = 16;
const { onnx } = onnxProto;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-models-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The smallest network that tells pictures apart: means of 4 × 4 fields, mixed to 16 numbers. */
function smallNetwork(): Uint8Array {
  const graph = new GraphBuilder();
  const fields = graph.add('AveragePool', 'fields', {
    inputs: ['pixels'],
    ints: { kernel_shape: [4, 4], strides: [4, 4] },
  });
  const flat = graph.add('Flatten', 'flat', { inputs: [fields] });
  const count = 3 * (SIDE_PX / 4) ** 2;
  const values = Float32Array.from({ length: count * DIMS }, (_, i) => Math.sin(i * 12.9898));
  const output = graph.add('MatMul', 'template', { inputs: [flat], constants: [{ dims: [count, DIMS], values }] });
  return graph.build({ name: 'pixels', dims: [1, 3, SIDE_PX, SIDE_PX] }, { name: output, dims: [1, DIMS] });
}

async function writePack(changes: Readonly<Record<string, unknown>> = {}, weights = smallNetwork()): Promise<string> {
  const folder = join(root, 'brought');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'own.onnx'), weights);
  const manifest = {
    packId: 'own',
    version: '1',
    description: 'a small network',
    file: 'own.onnx',
    sha256: createHash('sha256').update(weights).digest('hex'),
    dims: DIMS,
    weightsLicence: 'MIT',
    trainingData: 'none: its weights are a sine',
    input: { sidePx: SIDE_PX, colourOrder: 'rgb', mean: 127.5, scale: 1 / 127.5 },
    ...changes,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return join(folder, 'manifest.json');
}

async function tryPack(path: string): Promise<void> {
  const manifest = await readManifest(path);
  const weights = await readModelWeights(dirname(path), manifest);
  await (await openAddedEmbedder(weights, manifest, { intraOpThreads: 1 })).close();
}

async function refusalOf(path: string): Promise<string> {
  const error = await tryPack(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ModelRefusedError);
  return (error as ModelRefusedError).message;
}

test('a model is copied whole, found again, and stays as it is under its name', async () => {
  const path = await writePack();
  await tryPack(path);
  const modelsDir = join(root, 'models');
  await addPack(modelsDir, path);
  expect(await listAddedPacks(modelsDir)).toEqual(['own']);
  await tryPack(join(modelsDir, 'own', 'manifest.json'));
  expect(packOf(await readAddedManifest(modelsDir, 'own'))).toMatchObject({
    dims: DIMS,
    calibration: { measuredOn: expect.stringContaining('Nothing') },
  });
  await expect(addPack(modelsDir, path)).rejects.toThrow('already');
  expect(await readdir(modelsDir)).toEqual(['own']);
});

test('a name that Kith uses itself, and a file that changed, leave nothing behind', async () => {
  const modelsDir = join(root, 'models');
  await expect(addPack(modelsDir, await writePack({ packId: 'fast' }))).rejects.toThrow('give yours another packId');
  await expect(addPack(modelsDir, await writePack({ sha256: '0'.repeat(64) }))).rejects.toThrow('Copy the file again');
  expect(await readdir(modelsDir).catch(() => [])).toEqual([]);
});

describe('refused with what to do:', () => {
  test('a file that is not the one meant', async () => {
    expect(await refusalOf(await writePack({ sha256: 'a'.repeat(64) }))).toMatch(
      /its SHA-256 is .*Copy the file again/,
    );
  });

  test('a truncated file, whichever way it was noted', async () => {
    const path = await writePack();
    await truncate(join(dirname(path), 'own.onnx'), 500);
    expect(await refusalOf(path)).toContain('Copy the file again');
    const half = await writePack({}, smallNetwork().subarray(0, 500));
    expect(await refusalOf(half)).toMatch(/only a part of one|can't be loaded as an ONNX network/);
  });

  test('a file that is no ONNX', async () => {
    const path = await writePack({}, new TextEncoder().encode('<html>404 Not Found</html>'.repeat(50)));
    expect(await refusalOf(path)).toMatch(/is no ONNX file|can't be loaded as an ONNX network/);
  });

  test('another input than the manifest says', async () => {
    const input = { sidePx: 112, colourOrder: 'rgb', mean: 127.5, scale: 1 / 127.5 };
    expect(await refusalOf(await writePack({ input }))).toContain('Correct input.sidePx');
  });

  test('another length than the manifest says', async () => {
    expect(await refusalOf(await writePack({ dims: 512 }))).toMatch(/gives 16 numbers .* dims 512. Correct dims/);
  });

  test('an output that is not there', async () => {
    expect(await refusalOf(await writePack({ output: 'embedding' }))).toContain('Name one of those');
  });

  test('a scale under which everything looks alike', async () => {
    const input = { sidePx: SIDE_PX, colourOrder: 'rgb', mean: -1e9, scale: 1 };
    expect(await refusalOf(await writePack({ input }))).toContain('Check mean, scale');
  });

  test.each(['../../etc/passwd', '/etc/passwd', 'sub/own.onnx', '..', '.own.onnx'])('the path %s', async (file) => {
    expect(await refusalOf(await writePack({ file }))).toMatch(/can't be used: file /);
  });

  test('a link in place of the weights', async () => {
    const path = await writePack({ file: 'linked.onnx' });
    await symlink(join(dirname(path), 'own.onnx'), join(dirname(path), 'linked.onnx'));
    expect(await refusalOf(path)).toContain('put the file itself there');
  });

  test('weights that lie in other files', async () => {
    const model = onnx.ModelProto.decode(smallNetwork());
    const [tensor] = model.graph?.initializer ?? [];
    if (!tensor) throw new Error('the network has no weights');
    tensor.externalData = [{ key: 'location', value: '../../../etc/passwd' }];
    tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
    expect(await refusalOf(await writePack({}, onnx.ModelProto.encode(model).finish()))).toContain('as one file');
  });

  test('a manifest that is not JSON, or says something unknown', async () => {
    const path = await writePack({ licence: 'MIT' });
    expect(await refusalOf(path)).toContain('docs/models.md');
    await writeFile(path, '{');
    expect(await refusalOf(path)).toContain('is not JSON');
  });
});
