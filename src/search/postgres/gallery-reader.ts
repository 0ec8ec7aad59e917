// The statements of a search. All bring a person several times, once for each close enrolment: whoever asks keeps the best.
import { GALLERIES, tableOf } from './schema.ts';
import type { Query } from './transactions.ts';
import { bigints } from './wire-values.ts';

/** Rows within reach that are looked up at least before all are gone through. */
const LEAST_LOOKED_UP = 500;

export interface GalleryState {
  readonly galleryNo: number;
  /** As templates come. */
  readonly vectorLength: number;
  readonly enrolments: number;
  readonly persons: number;
  /** Grows with every change; equal numbers mean equal rows. */
  readonly version: number;
}

export interface ScoredRow {
  readonly personNo: number;
  readonly enrolmentNo: number;
  readonly score: number;
  /** Signs it differs in, where they were compared. */
  readonly distance?: number;
}

/** What is searched for and where, in the database's terms. */
export interface Sought {
  readonly galleryNo: number;
  /** Padded. */
  readonly dims: number;
  /** Half vector, binary. */
  readonly vector: Buffer;
  readonly signs: string;
  /** Only these persons. */
  readonly allowed?: Buffer;
  /** None of these persons. */
  readonly exceptPersonNos?: readonly number[];
}

export async function readGallery(query: Query, galleryNo: number): Promise<GalleryState> {
  const [row] = await query<{
    dims: number;
    enrolments: string;
    persons: string;
    version: string;
  }>(`SELECT dims, enrolments, persons, version FROM ${GALLERIES} WHERE gallery_no = $1`, [galleryNo]);
  return {
    galleryNo,
    vectorLength: row?.dims ?? 0,
    enrolments: Number(row?.enrolments ?? 0),
    persons: Number(row?.persons ?? 0),
    version: Number(row?.version ?? 0),
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

/**
 * Of all rows that differ in at most `reach` signs, the closest by their whole templates. `expected` of them are looked up
 * one by one, as the planner can't know how few they are; when there are many more, all rows are gone through.
 */
export async function closestWithin(
  query: Query,
  sought: Sought,
  at: { readonly reach: number; readonly expected: number; readonly limit: number },
): Promise<ScoredRow[]> {
  const { where, values, table, score, scoreOf, signs } = statementOf(sought);
  const within = `${where} AND signs <~> ${signs} <= $${values.length + 1}`;
  const most = Math.ceil(LEAST_LOOKED_UP + 4 * at.expected);
  const found = await query<Row & { within: string }>(
    `SELECT t.person_no, t.enrolment_no, ${scoreOf('t')} AS score, count(*) OVER () AS within
     FROM (SELECT enrolment_no FROM ${table} WHERE ${within} LIMIT ${most}) s
       JOIN ${table} t ON t.gallery_no = $1 AND t.enrolment_no = s.enrolment_no
     ORDER BY score DESC, t.person_no, t.enrolment_no LIMIT ${at.limit}`,
    [...values, at.reach],
  );
  if (Number(found[0]?.within ?? 0) < most) return found.map(toRow);
  return read(
    query,
    `SELECT person_no, enrolment_no, ${score} AS score FROM ${table} WHERE ${within}
     ORDER BY score DESC, person_no, enrolment_no LIMIT ${at.limit}`,
    [...values, at.reach],
  );
}

/** The rows that differ in the fewest signs, scored by their whole templates. */
export function closestBySigns(query: Query, sought: Sought, limit: number): Promise<ScoredRow[]> {
  const { where, values, table, signs, scoreOf } = statementOf(sought);
  return read(
    query,
    `SELECT t.person_no, t.enrolment_no, s.distance, ${scoreOf('t')} AS score
     FROM (SELECT enrolment_no, signs <~> ${signs} AS distance FROM ${table} WHERE ${where}
           ORDER BY distance LIMIT ${limit}) s
       JOIN ${table} t ON t.gallery_no = $1 AND t.enrolment_no = s.enrolment_no`,
    values,
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
  readonly distance?: number;
}

async function read(query: Query, sql: string, values: readonly unknown[]): Promise<ScoredRow[]> {
  return (await query<Row>(sql, values)).map(toRow);
}

function toRow({ person_no, enrolment_no, score, distance }: Row): ScoredRow {
  return {
    personNo: Number(person_no),
    enrolmentNo: Number(enrolment_no),
    score: Math.fround(score),
    ...(distance === undefined ? {} : { distance }),
  };
}

function statementOf({ galleryNo, dims, vector, signs, allowed, exceptPersonNos = [] }: Sought) {
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
    signs: `B'${signs}'`,
  };
}

/** Persons as the statements take them: each once, and none that can't be one. */
export function personList(personNos: readonly number[] | Uint32Array): { buffer: Buffer; count: number } {
  const distinct = [...new Set(personNos)].filter((personNo) => Number.isSafeInteger(personNo));
  return { buffer: bigints(distinct), count: distinct.length };
}
