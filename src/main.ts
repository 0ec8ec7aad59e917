import { ConfigError, loadConfig } from './config.ts';
import { DamagedLogError } from './damaged-log-error.ts';
import { runService } from './run-service.ts';

try {
  const service = await runService(loadConfig(process.env), (line) => console.log(line));
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal means: now.
      if (stopping) process.exit(1);
      stopping = true;
      service.stop().then(
        () => process.exit(0),
        (error) => {
          console.error('Kith did not stop cleanly:', error);
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  if (error instanceof ConfigError || error instanceof DamagedLogError) console.error(error.message);
  else console.error('Kith could not start:', error);
  process.exit(1);
}
