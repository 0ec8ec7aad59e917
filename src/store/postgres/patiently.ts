import { setTimeout as delay } from 'node:timers/promises';
import { isPassing } from './explain-failure.ts';

/** How long a call waits for a database that restarts or fails over, before it is refused. */
const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

/**
 * Again and again while the database restarts or fails over; `attempt` leaves nothing behind when it fails. Time counts
 * from the first failure: a node that was frozen learns of it late, and has waited for nothing yet.
 */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  let deadline: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      deadline ??= Date.now() + PATIENCE_MS;
      if (!isPassing(error) || Date.now() + pauseMs > deadline) throw error;
      await delay(pauseMs);
    }
  }
}
