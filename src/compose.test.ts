import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compose } from './compose.ts';
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
