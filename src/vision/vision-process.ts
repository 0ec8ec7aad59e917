// Entry of a vision process: photos in, faces out, one at a time. It holds no key, no store and no name; what hostile
// bytes break here costs one request.
import { KithError } from '../core/errors.ts';
import { analyseImage } from './analyse.ts';
import { restrictImageLoaders } from './decode.ts';
import { type FaceModels, openFaceModels } from './face-models.ts';
import { ModelRefusedError } from './model-refused-error.ts';
import type { AnalyseMessage, VisionProcessOptions, VisionReply } from './vision-messages.ts';

const RSS_CHECK_MS = 250;
const BYTES_PER_MB = 1024 * 1024;

const options = JSON.parse(process.argv[2] ?? '') as VisionProcessOptions;

// The service decides when to end: Ctrl+C reaches the whole process group before it has answered its requests
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));

restrictImageLoaders();
try {
  const models = await openFaceModels({ intraOpThreads: options.intraOpThreads }, options.added);
  await warmUp(models);
  process.on('message', (message: AnalyseMessage) => void answer(models, message));
  // Decoding happens in threads, so this clock ticks while a photo swells
  setInterval(() => {
    if (process.memoryUsage.rss() > options.maxRssMb * BYTES_PER_MB) process.exit(1);
  }, RSS_CHECK_MS).unref();
  reply({ kind: 'ready' });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  reply({ kind: 'unfit', message, isModelRefused: error instanceof ModelRefusedError });
}

async function answer(models: FaceModels, { requestId, image, options }: AnalyseMessage): Promise<void> {
  try {
    const onDecoded = (): void => reply({ kind: 'decoded', requestId });
    const result = await analyseImage(models, image, options, { onDecoded });
    reply({ kind: 'analysed', requestId, result });
  } catch (error) {
    if (error instanceof KithError) reply({ kind: 'refused', requestId, problem: error.problem });
    else reply({ kind: 'failed', requestId, message: error instanceof Error ? error.message : String(error) });
  }
}

/** The first run of a network takes its memory and lays out its weights: better before the first request. */
async function warmUp({ landmarker, poseEstimator, embedders }: FaceModels): Promise<void> {
  const run = (model: FaceModels['landmarker'], dims: readonly number[]) =>
    model.run(new Uint8Array(dims.reduce((a, b) => a * b)), dims);
  await run(landmarker, [1, 64, 64, 3]);
  await run(poseEstimator, [1, 224, 224, 3]);
  for (const embedder of embedders.values()) await run(embedder, [1, 112, 112, 3]);
}

function reply(message: VisionReply): void {
  if (!process.connected) return;
  // Whoever asked may be gone since, killed or at the end of its pipe: that ends this process, without a word
  process.send?.(message, undefined, undefined, (error) => {
    if (error) process.exit(1);
  });
}
