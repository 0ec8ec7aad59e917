import type { AuditCheckpoint } from '../../core/audit-types.ts';
import type { AuditCheckpoints } from '../../core/ports.ts';
import { explainFailure } from './explain-failure.ts';
import { type PrimaryPool, queryOnce } from './primary-pool.ts';

const ROWS_AT_ONCE = 1000;
const COLUMNS = `public_key AS "publicKey", chain, seq, head, node_id AS "nodeId", node_name AS "nodeName"`;

interface Row extends AuditCheckpoint {
  readonly checkpointNo: number;
}

/** In the table that lets nobody change or remove what is in it. */
export function auditCheckpoints(pool: PrimaryPool): AuditCheckpoints {
  /** Once: what isn't noted now is a minute later. */
  async function query<Result extends object>(sql: string, values: readonly unknown[]): Promise<readonly Result[]> {
    try {
      return await queryOnce<Result>(pool, sql, values);
    } catch (error) {
      throw explainFailure(error);
    }
  }

  return {
    async add(checkpoints) {
      for (const { publicKey, chain, seq, head, nodeId, nodeName } of checkpoints) {
        await query(
          `INSERT INTO audit_checkpoints (public_key, chain, seq, head, node_id, node_name)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
          [publicKey, chain, seq, head, nodeId, nodeName],
        );
      }
    },
    newest: () =>
      query<AuditCheckpoint>(
        `SELECT DISTINCT ON (public_key, chain) ${COLUMNS} FROM audit_checkpoints
         ORDER BY public_key, chain, seq DESC, checkpoint_no DESC`,
        [],
      ),
    async *ofChain({ publicKey, chain }) {
      let after = { seq: -1, checkpointNo: 0 };
      for (;;) {
        const page = await query<Row>(
          `SELECT ${COLUMNS}, checkpoint_no AS "checkpointNo" FROM audit_checkpoints
           WHERE public_key = $1 AND chain = $2 AND (seq, checkpoint_no) > ($3, $4)
           ORDER BY seq, checkpoint_no LIMIT ${ROWS_AT_ONCE}`,
          [publicKey, chain, after.seq, after.checkpointNo],
        );
        const last = page.at(-1);
        if (!last) return;
        yield* page;
        after = last;
      }
    },
  };
}
