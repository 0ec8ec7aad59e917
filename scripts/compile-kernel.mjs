// Compiles the search kernel from AssemblyScript to WebAssembly. Used by the build and by runs from source.
import asc from 'assemblyscript/asc';

/** Bytes of the module made from the AssemblyScript source text; throws with the compiler's words. */
export async function compileKernel(source) {
  let wasm;
  const { error, stderr } = await asc.main(
    [
      'kernel.ts',
      '--outFile=kernel.wasm',
      '-O3',
      '--converge',
      '--runtime=stub',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory=1',
      '--maximumMemory=65536',
      '--noExportMemory',
      '--enable=simd,threads',
    ],
    {
      readFile: (name) => (name === 'kernel.ts' ? source : null),
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !wasm) throw new Error(`the search kernel does not compile:\n${stderr.toString()}`, { cause: error });
  return wasm;
}
