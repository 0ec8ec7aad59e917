// The statements of a search. All bring a person several times, once for each close enrolment: whoever asks keeps the best.
import { KithError } from '../../core/errors.ts';
import { blockLength, blocksOf, codeColumns } from './blocks.ts';
import { GALLERIES, STATE, tableOf } from './schema.ts';
import type { Query } from './transactions.ts';
import { bigints } from './wire-values.ts';

/** Filling takes minutes a million. */
const FILLING_RETRY_S = 10;

export interface GalleryState {
  readonly galleryNo: number;
  /** As templates come. */
  readonly vectorLength: number;
  readonly enrolments: number;
  readonly persons: number;
  /** Grows with every change; equal numbers mean equal rows. */
  readonly version: number;
  /** Dimensions of the table whose blocks have all of its templates. */
  readonly packedDims: number;
}

export interface ScoredRow {
  readonly personNo: number;
  readonly enrolmentNo: number;
  readonly score: number;
}

/** What is searched for and where, in the database's terms. */
export interface Sought {
  readonly galleryNo: number;
  /** Padded. */
  readonly dims: number;
  /** Half vector, binary. */
  readonly vector: Buffer;
  /** Level code. */
  readonly code: string;
  /** Only these persons. */
  readonly allowed?: Buffer;
  /** None of these persons. */
  readonly exceptPersonNos?: readonly number[];
}

/** Throws `unavailable` while the index is filled anew: half of it would say of many that nobody knows them. */
export async function readGallery(query: Query, galleryNo: number): Promise<GalleryState> {
  const [row] = await query<{
    is_filling: boolean;
    dims: number | null;
    enrolments: string | null;
    persons: string | null;
    version: string | null;
    packed: number | null;
  }>(
    `SELECT s.filling AND s.followed_change_no IS NULL AS is_filling,
       g.dims, g.enrolments, g.persons, g.version, g.packed_dims AS packed
     FROM ${STATE} s LEFT JOIN ${GALLERIES} g ON g.gallery_no = $1`,
    [galleryNo],
  );
  if (row?.is_filling) {
    const message = 'What is searched in is being filled anew from the store.';
    throw new KithError({ kind: 'unavailable', part: 'store', retryAfterS: FILLING_RETRY_S, message });
  }
  return {
    galleryNo,
    vectorLength: row?.dims ?? 0,
    enrolments: Number(row?.enrolments ?? 0),
    persons: Number(row?.persons ?? 0),
    version: Number(row?.version ?? 0),
    packedDims: row?.packed ?? 0,
  };
}

/** The closest rows by their whole templates, best first. */
export function closestOfAll(query: Query, sought: Sought, limit: number): Promise<ScoredRow[]> {
  const { where, values, table, score } = statementOf(sought);
  return read(
    query,
    `SELECT person_no, enrolment_no, ${score} AS score FROM ${table} WHERE ${where}
     ORDER BY score DESC, person_no, enrolment_no LIMIT ${limit}`,
    values,
  );
}

/** The same among the rows of a few persons, looked up one by one; `count` is how many rows these persons have. */
export async function closestOfPicked(
  query: Query,
  sought: Sought & { readonly allowed: Buffer },
  limit: number,
): Promise<{ rows: ScoredRow[]; count: number }> {
  const { allowed, ...all } = sought;
  const { values, table, score } = statementOf(all);
  const found = await query<Row & { count: string }>(
    `SELECT t.person_no, t.enrolment_no, ${score} AS score, count(*) OVER () AS count
     FROM unnest($${values.length + 1}::bigint[]) AS a (person_no)
       JOIN ${table} t ON t.gallery_no = $1 AND t.person_no = a.person_no
     ORDER BY score DESC, person_no, enrolment_no LIMIT ${limit}`,
    [...values, allowed],
  );
  return { rows: found.map(toRow), count: Number(found[0]?.count ?? 0) };
}

/** Enrolments whose level codes lie within `reach` of the sought one, whoever they are of. */
export async function enrolmentsWithin(query: Query, sought: Sought, reach: number): Promise<number[]> {
  const { galleryNo, dims, code } = sought;
  const isWithin = (column: string): string => `${column} <~> $2::bit(${2 * dims}) <= $3`;
  const columns = codeColumns(dims);
  const bits = columns.map(
    (column, place) => `CASE WHEN ${isWithin(column)} THEN ${2n ** BigInt(place)}::bigint ELSE 0 END`,
  );
  // Most blocks have none, and the first condition that holds ends a block's turn: masks are made of few
  const found = await query<{ block_no: string; mask: string }>(
    `SELECT block_no, ${bits.join(' | ')} AS mask FROM ${blocksOf(dims)}
     WHERE gallery_no = $1 AND (${columns.map(isWithin).join(' OR ')})`,
    [galleryNo, code, reach],
  );
  const length = blockLength(dims);
  return found.flatMap(({ block_no, mask }) =>
    placesIn(BigInt(mask)).map((place) => Number(block_no) * length + place),
  );
}

function placesIn(mask: bigint): number[] {
  const places: number[] = [];
  for (let place = 0, rest = mask; rest > 0n; place++, rest >>= 1n) if (rest & 1n) places.push(place);
  return places;
}

/** Of these enrolments, those that are closest by their whole templates, best first. */
export function closestAmong(
  query: Query,
  sought: Sought,
  at: { readonly enrolmentNos: readonly number[]; readonly limit: number },
): Promise<ScoredRow[]> {
  const { where, values, table, score } = statementOf(sought);
  return read(
    query,
    `SELECT person_no, enrolment_no, ${score} AS score
     FROM unnest($${values.length + 1}::bigint[]) AS e (no) JOIN ${table} ON enrolment_no = e.no AND ${where}
     ORDER BY score DESC, person_no, enrolment_no LIMIT ${at.limit}`,
    [...values, bigints(at.enrolmentNos)],
  );
}

/** How many rows the allowed persons have. */
export async function countAllowed(query: Query, sought: Sought): Promise<number> {
  const { galleryNo, dims, allowed } = sought;
  const [row] = await query<{ count: string }>(
    `SELECT count(*) AS count FROM ${tableOf(dims)} WHERE gallery_no = $1 AND person_no = ANY ($2::bigint[])`,
    [galleryNo, allowed],
  );
  return Number(row?.count);
}

interface Row {
  readonly person_no: string;
  readonly enrolment_no: string;
  readonly score: number;
}

async function read(query: Query, sql: string, values: readonly unknown[]): Promise<ScoredRow[]> {
  return (await query<Row>(sql, values)).map(toRow);
}

function toRow({ person_no, enrolment_no, score }: Row): ScoredRow {
  return {
    personNo: Number(person_no),
    enrolmentNo: Number(enrolment_no),
    score: Math.fround(score),
  };
}

function statementOf({ galleryNo, dims, vector, allowed, exceptPersonNos = [] }: Sought) {
  const values: unknown[] = [galleryNo, vector];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['gallery_no = $1'];
  if (allowed) conditions.push(`person_no = ANY (${place(allowed)}::bigint[])`);
  const [own, ...others] = exceptPersonNos;
  if (own !== undefined) conditions.push(`person_no <> ${place(own)}`);
  // Apart, as a list is taken to pieces for every row: nearly always there is nobody on it
  if (others.length > 0) conditions.push(`person_no <> ALL (${place(personList(others).buffer)}::bigint[])`);
  // Both are unit vectors: their inner product is the cosine. pgvector answers its negative
  const scoreOf = (table: string): string => `-(${table}.vector <#> $2::halfvec(${dims}))`;
  return {
    table: tableOf(dims),
    where: conditions.join(' AND '),
    values,
    scoreOf,
    score: `-(vector <#> $2::halfvec(${dims}))`,
  };
}

/** Persons as the statements take them: each once, and none that can't be one. */
export function personList(personNos: readonly number[] | Uint32Array): { buffer: Buffer; count: number } {
  const distinct = [...new Set(personNos)].filter((personNo) => Number.isSafeInteger(personNo));
  return { buffer: bigints(distinct), count: distinct.length };
}
