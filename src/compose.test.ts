import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compose, openRecords } from './compose.ts';
import { ConfigError, loadConfig } from './config.ts';

test('a recognition model without a pack stops the start, and nothing is left running', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kith-compose-'));
  try {
    const config = loadConfig({
      KITH_DATA_DIR: folder,
      KITH_ENGINE_PROCESSES: '1',
      KITH_RECOGNITION_MODELS: 'recognition_03=fast,recognition_04=accurate',
    });
    const starting = compose(config, { onIndexProgress: () => {}, onUnreadable: () => {}, part: 'service' });
    const error = await starting.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).faults).toEqual([
      'KITH_RECOGNITION_MODELS: recognition_04 names the pack "accurate", and there is only fast; "kith models add" adds one',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a data directory that is a file, or below one, is said in a sentence', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kith-compose-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, 'not a folder');
    const faultsOf = async (dataDir: string) => {
      const error = await openRecords(loadConfig({ KITH_DATA_DIR: dataDir }), 'service').catch((reason) => reason);
      return (error as ConfigError).faults;
    };
    expect(await faultsOf(file)).toEqual([`KITH_DATA_DIR: ${file} is a file; name a folder`]);
    expect(await faultsOf(join(file, 'data'))).toEqual([
      `KITH_DATA_DIR: ${join(file, 'data')} lies below a file; name a folder`,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
