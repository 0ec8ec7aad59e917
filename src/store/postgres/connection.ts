import type { PoolClient } from 'pg';

/** One statement of one connection, prepared at its first use there. */
export interface Statement<Bind extends readonly unknown[], Row> {
  all(...bind: Bind): Promise<Row[]>;
  get(...bind: Bind): Promise<Row | undefined>;
  run(...bind: Bind): Promise<{ readonly changes: number }>;
  /** Row by row through a cursor, for what may not fit into memory; within a transaction only. */
  each(...bind: Bind): AsyncGenerator<Row>;
  /** Answers the first column instead of the row. */
  pluck(): Statement<Bind, Row>;
}

export interface Connection {
  /**
   * Parameters are `?`, bound in their order, or `@name`, bound by the members of one object: as with SQLite, so that
   * the statements of both stores read alike. What is bound is sent apart from the statement, never written into it.
   */
  prepare<Bind extends readonly unknown[], Row = never>(sql: string): Statement<Bind, Row>;
}

interface Prepared {
  readonly name: string;
  readonly text: string;
  /** Members of the object bound, in the order of `$1`, `$2`, …; undefined when they are bound by position. */
  readonly members: readonly string[] | undefined;
}

const CURSOR_ROWS = 5000;
/** By their text: every connection prepares the same ones under the same names. */
const known = new Map<string, Prepared>();

export function createConnection(client: PoolClient): Connection {
  return {
    prepare: <Bind extends readonly unknown[], Row>(sql: string) => statement<Bind, Row>(client, parse(sql), false),
  };
}

function statement<Bind extends readonly unknown[], Row>(
  client: PoolClient,
  prepared: Prepared,
  isPlucked: boolean,
): Statement<Bind, Row> {
  const query = (bind: Bind) =>
    client.query({ name: prepared.name, text: prepared.text, values: valuesOf(prepared, bind) });
  const shape = (row: Record<string, unknown>): Row => (isPlucked ? Object.values(row)[0] : row) as Row;

  return {
    async all(...bind) {
      return (await query(bind)).rows.map(shape);
    },
    async get(...bind) {
      const [row] = (await query(bind)).rows;
      return row === undefined ? undefined : shape(row);
    },
    async run(...bind) {
      return { changes: (await query(bind)).rowCount ?? 0 };
    },
    async *each(...bind) {
      const cursor = `each_${prepared.name}`;
      await client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${prepared.text}`, valuesOf(prepared, bind));
      for (;;) {
        const { rows } = await client.query(`FETCH ${CURSOR_ROWS} FROM ${cursor}`);
        if (rows.length === 0) break;
        for (const row of rows) yield shape(row);
      }
      await client.query(`CLOSE ${cursor}`);
    },
    pluck: () => statement<Bind, Row>(client, prepared, true),
  };
}

function parse(sql: string): Prepared {
  const before = known.get(sql);
  if (before) return before;
  const members: string[] = [];
  let places = 0;
  const text = sql.replace(/\?|@(\w+)/g, (_, member: string | undefined) => {
    if (member === undefined) {
      places += 1;
      return `$${places}`;
    }
    if (!members.includes(member)) members.push(member);
    return `$${members.indexOf(member) + 1}`;
  });
  const prepared = { name: `kith_${known.size}`, text, members: members.length > 0 ? members : undefined };
  known.set(sql, prepared);
  return prepared;
}

function valuesOf({ members }: Prepared, bind: readonly unknown[]): unknown[] {
  if (members === undefined) return [...bind];
  const [named] = bind as readonly Record<string, unknown>[];
  return members.map((member) => named?.[member]);
}
