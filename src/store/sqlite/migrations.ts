import type { Database } from 'better-sqlite3';

export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** "KITH" in ASCII: tells Kith's files from other people's SQLite files. */
export const APPLICATION_ID = 0x4b495448;

// Released migrations never change: a new need is a new one at the end.
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE api_keys (
        key_id      TEXT    NOT NULL PRIMARY KEY,
        tenant_id   TEXT    NOT NULL,
        label       TEXT    NOT NULL,
        sha256      BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
        permissions TEXT    NOT NULL,
        created_ms  INTEGER NOT NULL
      ) STRICT;

      -- persons and enrolments are counts kept by every write, so that no limit check walks a million rows.
      -- erasing = 1: deleted and invisible, its rows are on their way out.
      CREATE TABLE galleries (
        gallery_no                 INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant_id                  TEXT    NOT NULL,
        kind                       TEXT    NOT NULL,
        gallery_id                 TEXT    NOT NULL,
        name                       TEXT    NOT NULL,
        user_data                  TEXT,
        recognition_model          TEXT    NOT NULL,
        training_status            TEXT    NOT NULL DEFAULT 'never',
        training_last_action_ms    INTEGER,
        training_last_succeeded_ms INTEGER,
        training_message           TEXT,
        target_fpir                REAL CHECK (target_fpir > 0 AND target_fpir < 1),
        tail                       TEXT,
        persons                    INTEGER NOT NULL DEFAULT 0 CHECK (persons >= 0),
        enrolments                 INTEGER NOT NULL DEFAULT 0 CHECK (enrolments >= 0),
        created_ms                 INTEGER NOT NULL,
        modified_ms                INTEGER NOT NULL,
        erasing                    INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE UNIQUE INDEX galleries_by_id ON galleries (tenant_id, kind, gallery_id) WHERE erasing = 0;
      CREATE INDEX galleries_erasing ON galleries (gallery_no) WHERE erasing = 1;

      CREATE TABLE persons (
        person_no   INTEGER PRIMARY KEY AUTOINCREMENT,
        gallery_no  INTEGER NOT NULL REFERENCES galleries ON DELETE CASCADE,
        person_id   TEXT    NOT NULL,
        name        TEXT    NOT NULL,
        user_data   TEXT,
        wrapped_key BLOB    NOT NULL,
        created_ms  INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL,
        UNIQUE (gallery_no, person_id)
      ) STRICT;
      CREATE INDEX persons_by_name ON persons (gallery_no, name);
      -- In the order of numbers, which is the order on the disk: emptying a gallery is five times as fast along it.
      CREATE INDEX persons_by_gallery ON persons (gallery_no);

      CREATE TABLE enrolments (
        enrolment_no    INTEGER PRIMARY KEY AUTOINCREMENT,
        person_no       INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
        enrolment_id    TEXT    NOT NULL,
        user_data       TEXT,
        left_px         REAL    NOT NULL,
        top_px          REAL    NOT NULL,
        width_px        REAL    NOT NULL,
        height_px       REAL    NOT NULL,
        quality_level   TEXT    NOT NULL,
        quality_reasons TEXT    NOT NULL,
        source_hash     TEXT,
        pack_id         TEXT    NOT NULL,
        created_ms      INTEGER NOT NULL,
        UNIQUE (person_no, enrolment_id)
      ) STRICT;

      -- Apart from enrolments: two kilobytes a row would make every list of enrolments read the templates too.
      CREATE TABLE templates (
        enrolment_no INTEGER PRIMARY KEY REFERENCES enrolments ON DELETE CASCADE,
        sealed       BLOB    NOT NULL
      ) STRICT;

      CREATE TABLE probes (
        probe_no          INTEGER PRIMARY KEY,
        tenant_id         TEXT    NOT NULL,
        probe_id          TEXT    NOT NULL,
        recognition_model TEXT    NOT NULL,
        pack_id           TEXT    NOT NULL,
        quality_level     TEXT    NOT NULL,
        quality_reasons   TEXT    NOT NULL,
        sealed            BLOB    NOT NULL,
        expires_ms        INTEGER NOT NULL,
        UNIQUE (tenant_id, probe_id)
      ) STRICT;
      CREATE INDEX probes_by_expiry ON probes (expires_ms);

      -- What a derived index must do to catch up; written in the transaction of the change itself.
      CREATE TABLE changes (
        change_no    INTEGER PRIMARY KEY AUTOINCREMENT,
        op           TEXT    NOT NULL,
        gallery_no   INTEGER NOT NULL,
        enrolment_no INTEGER NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 2,
    sql: `
      CREATE TABLE rosters (
        roster_no   INTEGER PRIMARY KEY,
        gallery_no  INTEGER NOT NULL REFERENCES galleries ON DELETE CASCADE,
        roster_id   TEXT    NOT NULL,
        name        TEXT    NOT NULL,
        user_data   TEXT,
        created_ms  INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL,
        UNIQUE (gallery_no, roster_id)
      ) STRICT;
      CREATE TABLE roster_persons (
        roster_no INTEGER NOT NULL REFERENCES rosters ON DELETE CASCADE,
        person_no INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
        PRIMARY KEY (roster_no, person_no)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX roster_persons_by_person ON roster_persons (person_no);

      CREATE TABLE operations (
        tenant_id      TEXT    NOT NULL,
        operation_id   TEXT    NOT NULL,
        status         TEXT    NOT NULL,
        created_ms     INTEGER NOT NULL,
        last_action_ms INTEGER NOT NULL,
        finished_ms    INTEGER,
        message        TEXT,
        outcome        TEXT,
        PRIMARY KEY (tenant_id, operation_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX operations_by_creation ON operations (created_ms);
      CREATE INDEX operations_running ON operations (status) WHERE status = 'running';
    `,
  },
  {
    version: 3,
    sql: `
      CREATE TABLE liveness_sessions (
        tenant_id             TEXT    NOT NULL,
        session_id            TEXT    NOT NULL,
        with_reference        INTEGER NOT NULL,
        reference             TEXT,
        sealed_reference      BLOB,
        device_correlation_id TEXT,
        token_ttl_s           INTEGER NOT NULL,
        settings              TEXT    NOT NULL,
        created_ms            INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, session_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX liveness_sessions_by_creation ON liveness_sessions (created_ms);
    `,
  },
  {
    version: 4,
    sql: `
      CREATE TABLE snapshots (
        snapshot_no       INTEGER PRIMARY KEY,
        tenant_id         TEXT    NOT NULL,
        snapshot_id       TEXT    NOT NULL,
        kind              TEXT    NOT NULL,
        name              TEXT    NOT NULL,
        gallery_user_data TEXT,
        recognition_model TEXT    NOT NULL,
        target_fpir       REAL,
        trained_ms        INTEGER,
        apply_scope       TEXT    NOT NULL,
        user_data         TEXT,
        finished          INTEGER NOT NULL DEFAULT 0,
        created_ms        INTEGER NOT NULL,
        modified_ms       INTEGER NOT NULL,
        UNIQUE (tenant_id, snapshot_id)
      ) STRICT;
      CREATE INDEX snapshots_by_creation ON snapshots (created_ms);

      -- person_no and enrolment_no are the originals': whoever is erased there is found here by them.
      CREATE TABLE snapshot_persons (
        snapshot_no INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
        person_no   INTEGER NOT NULL,
        person_id   TEXT    NOT NULL,
        name        TEXT    NOT NULL,
        user_data   TEXT,
        wrapped_key BLOB    NOT NULL,
        created_ms  INTEGER NOT NULL,
        PRIMARY KEY (snapshot_no, person_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX snapshot_persons_by_original ON snapshot_persons (person_no);
      CREATE TABLE snapshot_enrolments (
        snapshot_no     INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
        person_no       INTEGER NOT NULL,
        enrolment_no    INTEGER NOT NULL,
        enrolment_id    TEXT    NOT NULL,
        user_data       TEXT,
        left_px         REAL    NOT NULL,
        top_px          REAL    NOT NULL,
        width_px        REAL    NOT NULL,
        height_px       REAL    NOT NULL,
        quality_level   TEXT    NOT NULL,
        quality_reasons TEXT    NOT NULL,
        source_hash     TEXT,
        pack_id         TEXT    NOT NULL,
        created_ms      INTEGER NOT NULL,
        sealed          BLOB    NOT NULL,
        PRIMARY KEY (snapshot_no, person_no, enrolment_no)
      ) STRICT;
      CREATE INDEX snapshot_enrolments_by_original ON snapshot_enrolments (enrolment_no);

      -- Erasing a person or a face erases their copies. Deleting a whole gallery leaves its snapshots, which are what
      -- it is to be made anew from.
      CREATE TRIGGER persons_erased_from_snapshots AFTER DELETE ON persons
      WHEN (SELECT erasing FROM galleries WHERE gallery_no = OLD.gallery_no) = 0
      BEGIN
        DELETE FROM snapshot_enrolments WHERE person_no = OLD.person_no
          AND snapshot_no IN (SELECT snapshot_no FROM snapshot_persons WHERE person_no = OLD.person_no);
        DELETE FROM snapshot_persons WHERE person_no = OLD.person_no;
      END;
      CREATE TRIGGER enrolments_erased_from_snapshots AFTER DELETE ON enrolments
      WHEN (SELECT g.erasing FROM persons p JOIN galleries g ON g.gallery_no = p.gallery_no
            WHERE p.person_no = OLD.person_no) = 0
      BEGIN
        DELETE FROM snapshot_enrolments WHERE enrolment_no = OLD.enrolment_no;
      END;
    `,
  },
  {
    version: 5,
    sql: `
      ALTER TABLE galleries ADD COLUMN keep_photos INTEGER NOT NULL DEFAULT 0;

      -- Apart from the enrolments, which are scanned: a picture is forty times a template.
      CREATE TABLE enrolment_photos (
        enrolment_no INTEGER PRIMARY KEY REFERENCES enrolments (enrolment_no) ON DELETE CASCADE,
        gallery_no   INTEGER NOT NULL,
        sealed       BLOB    NOT NULL
      ) STRICT;
      CREATE INDEX enrolment_photos_by_gallery ON enrolment_photos (gallery_no);
    `,
  },
  {
    version: 6,
    sql: `
      -- Nothing finds a person that was merged into another; the row is there to undo it by, and goes with the other's.
      ALTER TABLE persons ADD COLUMN merged_into INTEGER REFERENCES persons ON DELETE CASCADE;
      CREATE INDEX persons_merged ON persons (merged_into) WHERE merged_into IS NOT NULL;

      CREATE TABLE merges (
        from_person_no INTEGER PRIMARY KEY REFERENCES persons ON DELETE CASCADE,
        into_person_no INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
        gallery_no     INTEGER NOT NULL,
        merge_id       TEXT    NOT NULL UNIQUE,
        enrolment_nos  TEXT    NOT NULL,
        joined_rosters TEXT    NOT NULL,
        merged_ms      INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX merges_by_into ON merges (into_person_no);
      CREATE INDEX merges_by_time ON merges (merged_ms);
    `,
  },
  {
    version: 7,
    sql: `
      ALTER TABLE galleries ADD COLUMN purpose TEXT;
      ALTER TABLE galleries ADD COLUMN lawful_basis TEXT;
      ALTER TABLE galleries ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 1096;
      ALTER TABLE galleries ADD COLUMN consent_policy TEXT NOT NULL DEFAULT 'attested';
      ALTER TABLE snapshots ADD COLUMN purpose TEXT;
      ALTER TABLE snapshots ADD COLUMN lawful_basis TEXT;
      ALTER TABLE snapshots ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 1096;
      ALTER TABLE snapshots ADD COLUMN consent_policy TEXT NOT NULL DEFAULT 'attested';
    `,
  },
  {
    version: 8,
    sql: `
      -- suspended = 1: their consent ended. Their templates are in no index, and no search or copy reads them.
      ALTER TABLE persons ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;

      CREATE TABLE consents (
        person_no    INTEGER PRIMARY KEY REFERENCES persons ON DELETE CASCADE,
        given_by     TEXT    NOT NULL,
        method       TEXT    NOT NULL,
        text_hash    TEXT    NOT NULL,
        given_ms     INTEGER NOT NULL,
        until_ms     INTEGER,
        withdrawn_ms INTEGER,
        ended_ms     INTEGER
      ) STRICT;
      CREATE INDEX consents_running ON consents (until_ms) WHERE ended_ms IS NULL AND until_ms IS NOT NULL;
      CREATE INDEX consents_due ON consents (until_ms) WHERE withdrawn_ms IS NULL AND until_ms IS NOT NULL;

      -- Kept as new as the original's, whatever becomes of the original's gallery.
      CREATE TABLE snapshot_consents (
        snapshot_no  INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
        person_no    INTEGER NOT NULL,
        given_by     TEXT    NOT NULL,
        method       TEXT    NOT NULL,
        text_hash    TEXT    NOT NULL,
        given_ms     INTEGER NOT NULL,
        until_ms     INTEGER,
        withdrawn_ms INTEGER,
        ended_ms     INTEGER,
        PRIMARY KEY (snapshot_no, person_no)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX snapshot_consents_by_original ON snapshot_consents (person_no);
      CREATE TRIGGER consents_given_in_snapshots AFTER INSERT ON consents
      BEGIN
        INSERT INTO snapshot_consents
          SELECT s.snapshot_no, NEW.person_no, NEW.given_by, NEW.method, NEW.text_hash, NEW.given_ms, NEW.until_ms,
                 NEW.withdrawn_ms, NEW.ended_ms
          FROM snapshot_persons s WHERE s.person_no = NEW.person_no;
      END;
      CREATE TRIGGER consents_changed_in_snapshots AFTER UPDATE ON consents
      BEGIN
        UPDATE snapshot_consents SET given_by = NEW.given_by, method = NEW.method, text_hash = NEW.text_hash,
          given_ms = NEW.given_ms, until_ms = NEW.until_ms, withdrawn_ms = NEW.withdrawn_ms, ended_ms = NEW.ended_ms
        WHERE person_no = NEW.person_no;
      END;
      CREATE TRIGGER consents_erased_from_snapshots AFTER DELETE ON snapshot_persons
      BEGIN
        DELETE FROM snapshot_consents WHERE snapshot_no = OLD.snapshot_no AND person_no = OLD.person_no;
      END;
      CREATE TRIGGER suspended_erased_from_snapshots AFTER UPDATE OF suspended ON persons WHEN NEW.suspended = 1
      BEGIN
        DELETE FROM snapshot_enrolments WHERE person_no = NEW.person_no
          AND snapshot_no IN (SELECT snapshot_no FROM snapshot_persons WHERE person_no = NEW.person_no);
        -- Those moved here are in a snapshot under whoever had them then
        DELETE FROM snapshot_enrolments
          WHERE enrolment_no IN (SELECT enrolment_no FROM enrolments WHERE person_no = NEW.person_no);
      END;
    `,
  },
  {
    version: 9,
    sql: `
      -- Set when a gallery changed its model: only templates of this pack come in from then on.
      ALTER TABLE galleries ADD COLUMN pack_id TEXT;
      ALTER TABLE galleries ADD COLUMN model_changed_ms INTEGER;

      CREATE TABLE staged_templates (
        enrolment_no INTEGER PRIMARY KEY REFERENCES enrolments ON DELETE CASCADE,
        pack_id      TEXT NOT NULL,
        sealed       BLOB NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 10,
    sql: `
      -- Random: numbers and ids of galleries come again once an older database is put back.
      ALTER TABLE galleries ADD COLUMN gallery_uid BLOB;
      UPDATE galleries SET gallery_uid = randomblob(16);
      CREATE TRIGGER galleries_get_uid AFTER INSERT ON galleries WHEN NEW.gallery_uid IS NULL
      BEGIN
        UPDATE galleries SET gallery_uid = randomblob(16) WHERE gallery_no = NEW.gallery_no;
      END;
      CREATE INDEX persons_suspended ON persons (gallery_no) WHERE suspended = 1;
      -- Of which gallery a snapshot is.
      ALTER TABLE snapshots ADD COLUMN gallery_no INTEGER;

      -- noted = 1: the ledger outside the database has it.
      CREATE TABLE erasures (
        erasure_no INTEGER PRIMARY KEY,
        mark       BLOB    NOT NULL UNIQUE CHECK (length(mark) = 32),
        noted      INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX erasures_to_note ON erasures (erasure_no) WHERE noted = 0;
    `,
  },
  {
    version: 11,
    sql: `
      -- Uses before this weren't kept: they count as of now.
      ALTER TABLE persons ADD COLUMN last_used_ms INTEGER;
      UPDATE persons SET last_used_ms = unixepoch() * 1000;
      CREATE INDEX persons_by_use ON persons (gallery_no, coalesce(last_used_ms, created_ms));
    `,
  },
  {
    version: 12,
    sql: `
      -- JSON: the galleries and purposes that a key is bound to; NULL for one that is bound to nothing.
      ALTER TABLE api_keys ADD COLUMN bounds TEXT;

      -- Templates are turned with it before they are sealed; NULL in galleries of before, until they are rekeyed. The next
      -- one is there while a rekey is under way, so that one that was cut off can go on.
      ALTER TABLE galleries ADD COLUMN transform_key BLOB;
      ALTER TABLE galleries ADD COLUMN next_transform_key BLOB;
      ALTER TABLE snapshots ADD COLUMN transform_key BLOB;
      ALTER TABLE galleries RENAME COLUMN model_changed_ms TO templates_changed_ms;
    `,
  },
  {
    version: 13,
    sql: `
      ALTER TABLE galleries ADD COLUMN two_person_rule INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE snapshots ADD COLUMN two_person_rule INTEGER NOT NULL DEFAULT 0;

      CREATE TABLE reviews (
        review_no    INTEGER PRIMARY KEY AUTOINCREMENT,
        review_id    TEXT    NOT NULL UNIQUE,
        gallery_no   INTEGER NOT NULL,
        person_no    INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
        face_key     TEXT    NOT NULL,
        score        REAL    NOT NULL,
        search_chain TEXT    NOT NULL,
        search_seq   INTEGER NOT NULL,
        needed       INTEGER NOT NULL,
        state        TEXT    NOT NULL DEFAULT 'open',
        sealed_photo BLOB,
        opened_ms    INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX reviews_by_person ON reviews (person_no);
      CREATE UNIQUE INDEX reviews_of_a_face ON reviews (person_no, face_key) WHERE state = 'open';
      CREATE INDEX reviews_open ON reviews (gallery_no, review_no) WHERE state = 'open';
      CREATE INDEX reviews_by_time ON reviews (opened_ms);

      CREATE TABLE review_verdicts (
        review_no INTEGER NOT NULL REFERENCES reviews ON DELETE CASCADE,
        key_id    TEXT    NOT NULL,
        verdict   TEXT    NOT NULL,
        given_ms  INTEGER NOT NULL,
        PRIMARY KEY (review_no, key_id)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 14,
    sql: `
      -- Two who look alike and were said to be two people, the lower number first. came_with: said of somebody who was
      -- merged into one of the two since, and gone again when that is undone.
      CREATE TABLE dismissed_pairs (
        pair_no         INTEGER PRIMARY KEY AUTOINCREMENT,
        gallery_no      INTEGER NOT NULL,
        person_no       INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
        other_person_no INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
        came_with       INTEGER REFERENCES persons ON DELETE SET NULL,
        key_id          TEXT    NOT NULL,
        dismissed_ms    INTEGER NOT NULL,
        UNIQUE (person_no, other_person_no),
        CHECK (person_no < other_person_no)
      ) STRICT;
      CREATE INDEX dismissed_pairs_by_other ON dismissed_pairs (other_person_no);
      CREATE INDEX dismissed_pairs_by_gallery ON dismissed_pairs (gallery_no, pair_no);
      CREATE INDEX dismissed_pairs_came_with ON dismissed_pairs (came_with) WHERE came_with IS NOT NULL;
    `,
  },
];

/** Brings a database to the newest schema, in one transaction or not at all; refuses what it can't understand. */
export function migrate(db: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  // The version is read inside the transaction: another process may be migrating the same file
  db.transaction(() => {
    recognise(db);
    const { version: current } = requireKnownSchema(db, migrations);
    for (const { version, sql } of migrations) {
      if (version <= current) continue;
      db.exec(sql);
      db.prepare('INSERT INTO schema_versions (version, applied_ms) VALUES (?, ?)').run(version, Date.now());
    }
  }).immediate();
}

export interface SchemaState {
  /** 0 for a new database. */
  readonly version: number;
  /** The newest that this Kith knows. */
  readonly known: number;
}

/** Throws where a newer Kith wrote the database. */
export function requireKnownSchema(db: Database, migrations: readonly Migration[] = MIGRATIONS): SchemaState {
  const state = { version: versionOf(db), known: migrations.at(-1)?.version ?? 0 };
  if (state.version <= state.known) return state;
  throw new Error(
    `The database is at schema ${state.version}, and this Kith knows schemas up to ${state.known} only. ` +
      'Start the newer Kith that wrote it, or restore a backup made before the upgrade.',
  );
}

function recognise(db: Database): void {
  const applicationId = db.pragma('application_id', { simple: true });
  if (applicationId === APPLICATION_ID) return;
  const tables = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get();
  if (tables !== undefined && tables.n > 0) {
    throw new Error('The database file belongs to another program. Point KITH_DATA_DIR at a directory of its own.');
  }
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.exec('CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT');
}

function versionOf(db: Database): number {
  const isMade = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_versions'").get();
  if (!isMade) return 0;
  return (
    db.prepare<[], { version: number | null }>('SELECT max(version) AS version FROM schema_versions').get()?.version ??
    0
  );
}
