// A database of the embedded store with rows in every table, among them those that are hard to carry.
import type { Database } from 'better-sqlite3';
import { openDatabase } from '../../src/store/sqlite/database.ts';

const HARD_TEXTS = [
  "O'Hara; DROP TABLE persons",
  'Zoë',
  'زينب',
  '👩‍👩‍👧',
  'a\\b"c',
  '%_',
  'Ä',
  'z',
  'Z',
  ' ',
  'line\nbreak\ttab',
];
/** Every byte, sealed or not, comes along. */
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const PROBES = 1203;

type Columns = Readonly<Record<string, unknown>>;

export function fillEveryTable(path: string): void {
  const db = openDatabase(path);
  const insert = (table: string, row: Columns) => {
    const names = Object.keys(row);
    db.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map((name) => `@${name}`).join()})`).run(row);
  };
  db.pragma('foreign_keys = OFF');
  db.transaction(() => fill(insert)).immediate();
  // Numbers that were given out and are gone must not be given out again
  db.exec('DELETE FROM persons WHERE person_no = 900; DELETE FROM changes WHERE change_no <= 2');
  db.close();
}

function fill(insert: (table: string, row: Columns) => void): void {
  const created = { created_ms: 1_700_000_000_123 };
  HARD_TEXTS.forEach((text, i) => {
    const sha256 = Buffer.alloc(32, i);
    insert('api_keys', { key_id: text, tenant_id: 'default', label: text, sha256, permissions: 'admin', ...created });
  });
  const gallery = {
    tenant_id: 'default',
    kind: 'large',
    recognition_model: 'recognition_04',
    ...created,
    modified_ms: 2,
  };
  insert('galleries', {
    ...gallery,
    gallery_no: 1,
    gallery_id: 'a',
    name: 'Ä',
    target_fpir: 0.1 + 0.2,
    persons: 11,
    transform_key: BYTES,
  });
  insert('galleries', { ...gallery, gallery_no: 7, gallery_id: 'b', name: '', user_data: '{"x":1}', erasing: 1 });
  const person = { gallery_no: 1, wrapped_key: BYTES, ...created, modified_ms: 5 };
  HARD_TEXTS.forEach((name, i) => {
    // The first was merged into one that comes later
    insert('persons', {
      ...person,
      person_no: i + 1,
      person_id: `p${i}`,
      name,
      merged_into: i === 0 ? 9 : null,
      suspended: i % 2,
    });
  });
  insert('persons', { ...person, person_no: 900, person_id: 'gone', name: 'gone' });
  const box = { left_px: 0.1, top_px: 1e-7, width_px: 1 / 3, height_px: 2 ** 40 + 0.5 };
  const quality = { quality_level: 'high', quality_reasons: '[]' };
  const face = { ...box, ...quality, pack_id: 'fast', ...created };
  for (let no = 1; no <= 4; no++) {
    insert('enrolments', {
      enrolment_no: no,
      person_no: no,
      enrolment_id: `e${no}`,
      source_hash: no === 2 ? null : 'h',
      ...face,
    });
    insert('templates', { enrolment_no: no, sealed: Buffer.concat([BYTES, Buffer.of(no)]) });
  }
  insert('staged_templates', { enrolment_no: 1, pack_id: 'new', sealed: BYTES });
  insert('enrolment_photos', { enrolment_no: 2, gallery_no: 1, sealed: Buffer.alloc(70_000, 9) });
  const consent = { given_by: 'Ann', method: 'paper', text_hash: 'x', given_ms: 3, until_ms: Number.MAX_SAFE_INTEGER };
  insert('consents', { person_no: 1, ...consent });
  insert('consents', { person_no: 2, ...consent, withdrawn_ms: 4, ended_ms: 5 });
  for (let no = 1; no <= PROBES; no++) {
    const probe = { recognition_model: 'recognition_04', pack_id: 'fast', ...quality, sealed: BYTES, expires_ms: no };
    insert('probes', { probe_no: no * 3, tenant_id: no % 2 ? 'default' : 'Other', probe_id: `f${no}`, ...probe });
  }
  for (let no = 1; no <= 6; no++) insert('changes', { change_no: no, op: 'add', gallery_no: 1, enrolment_no: no });
  insert('rosters', { roster_no: 5, gallery_no: 1, roster_id: 'r', name: 'R', ...created, modified_ms: 1 });
  insert('roster_persons', { roster_no: 5, person_no: 2 });
  insert('roster_persons', { roster_no: 5, person_no: 1 });
  HARD_TEXTS.forEach((text, i) => {
    const operation = { status: 'succeeded', ...created, last_action_ms: i, outcome: text };
    insert('operations', { tenant_id: i % 2 ? 'b' : 'B', operation_id: text, ...operation });
  });
  const session = { with_reference: 1, reference: text(0), sealed_reference: BYTES, token_ttl_s: 600, settings: '{}' };
  insert('liveness_sessions', { tenant_id: 'default', session_id: 's', ...session, ...created });
  const terms = { recognition_model: 'recognition_04', apply_scope: '[]', ...created, modified_ms: 1 };
  insert('snapshots', { snapshot_no: 3, tenant_id: 'default', snapshot_id: 'n', kind: 'large', name: 'N', ...terms });
  insert('snapshot_persons', {
    snapshot_no: 3,
    person_no: 1,
    person_id: 'p0',
    name: text(1),
    wrapped_key: BYTES,
    ...created,
  });
  insert('snapshot_persons', {
    snapshot_no: 3,
    person_no: 2,
    person_id: 'P0',
    name: text(2),
    wrapped_key: BYTES,
    ...created,
  });
  insert('snapshot_enrolments', {
    snapshot_no: 3,
    person_no: 1,
    enrolment_no: 1,
    enrolment_id: 'e1',
    ...face,
    sealed: BYTES,
  });
  insert('snapshot_consents', { snapshot_no: 3, person_no: 1, ...consent });
  const merge = {
    into_person_no: 9,
    gallery_no: 1,
    merge_id: 'm',
    enrolment_nos: '[1]',
    joined_rosters: '[]',
    merged_ms: 1,
  };
  insert('merges', { from_person_no: 1, ...merge });
  const pair = { gallery_no: 1, other_person_no: 11, dismissed_ms: 9 };
  insert('dismissed_pairs', { pair_no: 2, person_no: 2, key_id: text(2), came_with: 1, ...pair });
  insert('dismissed_pairs', { pair_no: 7, person_no: 3, key_id: text(0), ...pair });
  const review = { gallery_no: 1, score: 0.1 + 0.2, search_chain: 'c', search_seq: 7, needed: 2, opened_ms: 8 };
  insert('reviews', { review_no: 3, review_id: 'v', person_no: 2, face_key: text(3), sealed_photo: BYTES, ...review });
  insert('reviews', { review_no: 8, review_id: 'w', person_no: 2, face_key: text(4), state: 'rejected', ...review });
  insert('review_verdicts', { review_no: 3, key_id: text(5), verdict: 'confirm', given_ms: 9 });
  insert('erasures', { erasure_no: 4, mark: Buffer.alloc(32, 1), noted: 1 });
  insert('erasures', { erasure_no: 9, mark: Buffer.alloc(32, 2) });
}

const text = (i: number): string => HARD_TEXTS[i] as string;

export function tablesOf(db: Database): readonly string[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
  return db.prepare<[], string>(sql).pluck().all();
}

/** All rows of all tables, but for what means nothing elsewhere. */
export function contentsOf(path: string): Readonly<Record<string, readonly unknown[]>> {
  const db = openDatabase(path);
  try {
    const tables = tablesOf(db).filter((table) => table !== 'schema_versions');
    return Object.fromEntries(
      tables.map((table) => {
        const rows = db.prepare<[], Columns>(`SELECT * FROM ${table}`).all();
        const plain = rows.map(({ noted: _noted, ...row }) => JSON.stringify(row));
        return [table, plain.sort()];
      }),
    );
  } finally {
    db.close();
  }
}
