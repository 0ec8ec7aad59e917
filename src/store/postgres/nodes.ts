// The nodes that work on one database: each says how far its index has followed the changes, and is woken by them.
import { setTimeout as delay } from 'node:timers/promises';
import type { StartedFollower } from '../../core/index-follower.ts';
import { patiently } from './patiently.ts';
import { type PrimaryPool, queryOnce } from './primary-pool.ts';

/** A node is heard of this often, whether or not anything changes. */
const BEAT_MS = 1000;
/** Not heard of for longer: it stopped, or froze; nobody waits for it. */
export const NODE_HEARD_OF = "interval '4 seconds'";
/** A node that was killed holds nothing; one that froze may come back, and follows before it answers. */
const FORGOTTEN = "interval '1 hour'";
const CONFIRM_MS = 3000;
const CONFIRM_PAUSE_MS = 20;
const RELISTEN_MS = 500;

export interface NodesOptions {
  readonly pool: PrimaryPool;
  readonly nodeId: string;
  /** For people: which of the nodes it is. */
  readonly name: string;
  readonly version: string;
  readonly follower: StartedFollower;
  /** Called with what went wrong when following or being heard of fails; it is tried again. */
  readonly onError: (error: unknown) => void;
}

export interface Nodes {
  /**
   * Resolves when every node that is heard of has followed as far as this one has; answers the names of those that
   * have not said so in time.
   */
  catchUpElsewhere(): Promise<readonly string[]>;
  /** Whether this node is the one to do what needs to be done once: one of those heard of, always the same. */
  isFirst(): Promise<boolean>;
  /** The change up to which all that are heard of have followed. */
  followedByAll(): Promise<number>;
  close(): Promise<void>;
}

/** Makes this node known, and keeps it so until it is closed. */
export async function joinNodes(options: NodesOptions): Promise<Nodes> {
  const { pool, nodeId, name, version, follower, onError } = options;
  let closed = false;
  let told = 0;
  let stopListening = (): void => undefined;
  let waking: Promise<void> | undefined;

  const query = <Row extends object>(sql: string, values: readonly unknown[]) => queryOnce<Row>(pool, sql, values);

  async function tell(): Promise<void> {
    const { changeNo } = follower;
    await query(
      `INSERT INTO nodes (node_id, name, version, change_no) VALUES ($1, $2, $3, $4)
       ON CONFLICT (node_id) DO UPDATE
         SET name = excluded.name, version = excluded.version, change_no = excluded.change_no, seen_at = now()`,
      [nodeId, name, version, changeNo],
    );
    told = changeNo;
  }

  /** Those that come while one is under way share the next. */
  function wake(): Promise<void> {
    waking ??= follow().finally(() => {
      waking = undefined;
    });
    return waking;
  }

  async function follow(): Promise<void> {
    try {
      await follower.catchUp();
      if (!closed && follower.changeNo !== told) await tell();
    } catch (error) {
      if (!closed) onError(error);
    }
  }

  async function listen(): Promise<void> {
    while (!closed) {
      try {
        const client = await pool.connect();
        try {
          const over = new Promise<void>((resolve) => {
            stopListening = resolve;
            client.once('error', () => resolve());
            client.once('end', () => resolve());
          });
          client.on('notification', () => void wake());
          await client.query('LISTEN kith_changes');
          // What came before it listened told nobody
          await wake();
          // Closed while it was still being connected: nobody would end the wait
          if (!closed) await over;
        } finally {
          client.release(true);
        }
      } catch (error) {
        if (!closed) onError(error);
      }
      if (!closed) await delay(RELISTEN_MS, undefined, { ref: false });
    }
  }

  await tell();
  const listening = listen();
  const beat = setInterval(() => {
    tell().catch(onError);
  }, BEAT_MS).unref();

  return {
    async catchUpElsewhere() {
      await follower.catchUp();
      const behind = (within: string) =>
        patiently(() =>
          query<{ name: string }>(
            `SELECT name FROM nodes
             WHERE node_id <> $1 AND coalesce(change_no, 0) < $2 AND seen_at > now() - ${within} ORDER BY name`,
            [nodeId, follower.changeNo],
          ),
        );
      const deadline = Date.now() + CONFIRM_MS;
      while ((await behind(NODE_HEARD_OF)).length > 0 && Date.now() < deadline) await delay(CONFIRM_PAUSE_MS);
      return (await behind(FORGOTTEN)).map((node) => node.name);
    },
    async isFirst() {
      const [first] = await query<{ nodeId: string }>(
        `SELECT node_id AS "nodeId" FROM nodes WHERE seen_at > now() - ${NODE_HEARD_OF} ORDER BY node_id LIMIT 1`,
        [],
      );
      return first?.nodeId === nodeId;
    },
    async followedByAll() {
      const [all] = await query<{ changeNo: number | null }>(
        `SELECT min(coalesce(change_no, 0)) AS "changeNo" FROM nodes WHERE seen_at > now() - ${NODE_HEARD_OF}`,
        [],
      );
      return all?.changeNo ?? 0;
    },
    async close() {
      closed = true;
      clearInterval(beat);
      stopListening();
      await listening;
      // Should nobody be there to tell: it counts as gone in a few seconds
      await query('DELETE FROM nodes WHERE node_id = $1', [nodeId]).catch(() => undefined);
    },
  };
}
