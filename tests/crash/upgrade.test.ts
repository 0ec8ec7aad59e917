// kill -9 at random moments of an upgrade. Whenever it comes: the database is at the old schema or at the new one, whole; the
// copy of the old one is whole or not there; the next start goes on by itself, and leaves nothing lying about.
// CRASH_KILLS=300 npm run test:crash
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MIGRATIONS, migrate } from '../../src/store/sqlite/migrations.ts';

const KILLS = Number(process.env.CRASH_KILLS ?? 2);
const CHILD = fileURLToPath(new URL('../support/open-database.ts', import.meta.url));
const OLD = 5;
const PERSONS = 4000;
const newest = MIGRATIONS.at(-1)?.version ?? 0;

let folder: string;
let older: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-upgrade-'));
  older = join(folder, 'older.db');
  const db = new SqliteDatabase(older);
  db.pragma('page_size = 8192');
  migrate(
    db,
    MIGRATIONS.filter(({ version }) => version <= OLD),
  );
  db.exec(`
    INSERT INTO galleries (tenant_id, kind, gallery_id, name, recognition_model, persons, enrolments, created_ms, modified_ms)
      VALUES ('home', 'large-person', 'club', 'Club', 'recognition_04', ${PERSONS}, ${PERSONS}, 1, 1);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${PERSONS})
      INSERT INTO persons (gallery_no, person_id, name, wrapped_key, created_ms, modified_ms)
      SELECT 1, 'person-' || i, 'Person ' || i, randomblob(61), 5, 5 FROM n;
    INSERT INTO enrolments (person_no, enrolment_id, left_px, top_px, width_px, height_px, quality_level, quality_reasons,
                            pack_id, created_ms)
      SELECT person_no, 'enrolment-' || person_no, 1, 2, 3, 4, 'high', '[]', 'fast', 6 FROM persons;
    INSERT INTO templates (enrolment_no, sealed) SELECT enrolment_no, randomblob(2077) FROM enrolments;
  `);
  db.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Kills it so long after it began to open the database; true when it was through before. */
async function openAndKill(path: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const closed = once(child, 'close');
  child.stdout.on('data', (text) => {
    said += text;
  });
  await once(child.stdout, 'data');
  await Promise.race([closed, pause(afterMs, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await closed;
  return said.includes('open\n');
}

/** Of a whole database with everything in it. */
function schemaOf(path: string): number {
  const db = new SqliteDatabase(path);
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    for (const table of ['persons', 'enrolments', 'templates'])
      expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(PERSONS);
    return db.prepare<[], number>('SELECT max(version) FROM schema_versions').pluck().get() as number;
  } finally {
    db.close();
  }
}

test(
  `${KILLS} times kill -9 in an upgrade`,
  async () => {
    let longestMs = 400;
    const ends = { old: 0, new: 0, withCopy: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      const home = join(folder, String(kill));
      mkdirSync(home);
      const path = join(home, 'kith.db');
      const copy = `${path}.schema-${OLD}`;
      copyFileSync(older, path);
      const startMs = performance.now();
      const isThrough = await openAndKill(path, Math.random() * longestMs);
      // So that most are killed under way, on whatever machine
      longestMs = isThrough ? Math.min(longestMs, performance.now() - startMs) : longestMs * 1.02;
      const hasCopy = existsSync(copy);
      if (hasCopy) {
        ends.withCopy++;
        expect(schemaOf(copy)).toBe(OLD);
      }
      const schema = schemaOf(path);
      expect([OLD, newest]).toContain(schema);
      if (schema === newest) {
        ends.new++;
        expect(hasCopy).toBe(true);
      } else ends.old++;
      // The next start
      expect(await openAndKill(path, 60_000)).toBe(true);
      expect(schemaOf(path)).toBe(newest);
      expect(schemaOf(copy)).toBe(OLD);
      expect(readdirSync(home).filter((name) => name.endsWith('.partial'))).toEqual([]);
      rmSync(home, { recursive: true, force: true });
    }
    console.log(
      `${KILLS} kills: ${ends.old} before the change, ${ends.new} after, ${ends.withCopy} with the copy made`,
    );
  },
  60_000 + KILLS * 30_000,
);
