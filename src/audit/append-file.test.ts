import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../tests/support/audit-logs.ts';
import { openAppendFile } from './append-file.ts';

const KIB = 1024;

test('what stands behind the end is cut, and the reserve is there while the file is open', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'lines');
    writeFileSync(path, 'one\ntwo\nhal');
    const file = await openAppendFile({ path, endBytes: 8, reserveBytes: 4 * KIB });
    expect(readFileSync(path, 'latin1')).toBe(`one\ntwo\n${'\0'.repeat(4 * KIB)}`);
    for (let i = 0; i < 100; i++) await file.append(Buffer.alloc(100, 'x'));
    expect(file.endBytes).toBe(10_008);
    expect(statSync(path).size).toBeGreaterThan(10_008 + 2 * KIB - 100);
    await file.append(Buffer.alloc(20 * KIB, 'y'));
    await file.close();
    expect(readFileSync(path, 'latin1')).toBe(`one\ntwo\n${'x'.repeat(10_000)}${'y'.repeat(20 * KIB)}`);
  }));

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const module = fileURLToPath(new URL('./append-file.ts', import.meta.url));

test.skipIf(process.platform === 'win32')('what a file may not take leaves nothing behind, and the rest goes on', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'lines');
    const script = `
      const { openAppendFile } = await import(${JSON.stringify(module)});
      const { statSync } = await import('node:fs');
      const file = await openAppendFile({ path: ${JSON.stringify(path)}, endBytes: 0, reserveBytes: 0 });
      await file.append(Buffer.alloc(3000, 'a'));
      const refusal = await file.append(Buffer.alloc(3000, 'b')).catch((error) => error.code);
      const sizeThen = statSync(${JSON.stringify(path)}).size;
      await file.append(Buffer.alloc(1000, 'c'));
      await file.close();
      console.log(JSON.stringify({ refusal, sizeThen }));`;
    // bash counts in 1024 bytes, other shells as POSIX says in 512: 4 KiB either way
    const limited = `ulimit -S -f $([ -n "$BASH_VERSION" ] && echo 4 || echo 8) && exec "$0" "$@"`;
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', limited, process.execPath, '--import', tsx, '--input-type=module', '-e', script],
      { env: { PATH: process.env.PATH, TSX_DISABLE_CACHE: '1' } },
    );
    expect(JSON.parse(stdout)).toEqual({ refusal: 'EFBIG', sizeThen: 3000 });
    expect(readFileSync(path, 'latin1')).toBe('a'.repeat(3000) + 'c'.repeat(1000));
  }),
);
