// Thread of the soak: asks for health at a steady pace, whatever else goes on, and says at the end how long each answer took.
import { parentPort, workerData } from 'node:worker_threads';

const { url, everyMs } = workerData;
const ms = [];
let failed = 0;

const timer = setInterval(async () => {
  const startMs = performance.now();
  const answer = await fetch(url).catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.status === 200) ms.push(performance.now() - startMs);
  else failed++;
}, everyMs);

parentPort?.once('message', () => {
  clearInterval(timer);
  parentPort?.postMessage({ ms, failed });
});
