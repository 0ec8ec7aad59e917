import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface LoadedKernel {
  /** Undefined when only the plain kernel can run here. */
  readonly module?: WebAssembly.Module;
  /** Why the fast kernel is missing. */
  readonly warning?: string;
}

const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** The compiled search kernel: what the build made, or, in a run from source, made once and kept in a cache. */
export async function loadKernelModule(): Promise<LoadedKernel> {
  try {
    const bytes = FROM_SOURCE
      ? await compileCached()
      : await readFile(fileURLToPath(siblingUrl('kernels/kernel.wasm')));
    return { module: await WebAssembly.compile(bytes) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { warning: `searching with the plain kernel, some 20 times slower: ${reason}` };
  }
}

function siblingUrl(path: string): URL {
  return new URL(path, import.meta.url);
}

async function compileCached(): Promise<Uint8Array<ArrayBuffer>> {
  const source = await readFile(siblingUrl('kernels/kernel.ts'), 'utf8');
  const compiler = siblingUrl('../../scripts/compile-kernel.mjs');
  const digest = createHash('sha256')
    .update(source)
    .update(await readFile(compiler))
    .digest('hex')
    .slice(0, 16);
  const folder = siblingUrl('../../node_modules/.cache/kith/');
  const cached = new URL(`kernel-${digest}.wasm`, folder);
  try {
    return await readFile(cached);
  } catch {
    const { compileKernel } = (await import(compiler.href)) as {
      compileKernel(source: string): Promise<Uint8Array<ArrayBuffer>>;
    };
    const bytes = await compileKernel(source);
    await mkdir(folder, { recursive: true });
    // Several processes may come here at once: each writes its own file, the last rename stays
    const own = new URL(`kernel-${randomUUID()}.tmp`, folder);
    await writeFile(own, bytes);
    await rename(own, cached);
    return bytes;
  }
}
