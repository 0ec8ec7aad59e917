// What nodes leave of their audit logs in the database they share, and who is found out by it.
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuditHistory } from '../../src/audit/audit-history.ts';
import { headLine, parseHead, signHead } from '../../src/audit/chain-head.ts';
import { createCheckpointNotes } from '../../src/audit/note-checkpoints.ts';
import { readOrCreateSigningKey } from '../../src/audit/signing-key.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { openRecords } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { auditCheckpoints } from '../../src/store/postgres/audit-checkpoints.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool, type PrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { openTestLog, searchEvent, writeLog } from '../support/audit-logs.ts';
import { kith, recordsOf } from '../support/kith-command.ts';
import { plainRoleSchema, type TestSchema, testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';

describe.skipIf(SHARED_POSTGRES === undefined)(
  `checkpoints of audit logs (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    let schema: TestSchema;
    let pool: PrimaryPool;
    let folder: string;

    beforeAll(async () => {
      schema = await plainRoleSchema();
      pool = openPrimaryPool(schema.url);
      await openPostgresStore({ pool, nodeId: 'one' });
    });
    afterAll(async () => {
      await pool.close();
      await schema.drop();
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kith-checkpoints-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    async function query(sql: string): Promise<Record<string, unknown>[]> {
      const client = await pool.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        client.release();
      }
    }

    /** A node with a log of its own in the folder. */
    function nodeCalled(nodeId: string) {
      const audit = join(folder, nodeId);
      const source = auditCheckpoints(pool);
      return {
        audit,
        write: (records: number) => writeLog(audit, { records }),
        note: async () =>
          (await createCheckpointNotes({ folder: audit, checkpoints: source, nodeId, nodeName: `${nodeId}:8484` }))(),
        verify: () => verifyAudit({ folder: audit, checkpoints: { source, nodeId } }),
        faultOf: async () => (await verifyAudit({ folder: audit, checkpoints: { source, nodeId } })).chains[0]?.fault,
      };
    }

    test('a node names the others whose logs it can’t read, and not itself', async () => {
      const [here, there] = [nodeCalled('here'), nodeCalled('there')];
      for (const { write, note } of [here, there]) {
        await write(2);
        await note();
      }
      const { publicKey, fingerprint } = await readOrCreateSigningKey(here.audit);
      const history = createAuditHistory({
        ...{ folder: here.audit, clock: { nowMs: Date.now }, key: { publicKey, fingerprint } },
        log: { chain: 'none', sign: async () => undefined },
        checkpoints: { source: auditCheckpoints(pool), nodeId: 'here' },
      });
      const names = await history.otherNodes();
      expect(names).toContain('there:8484');
      expect(names).not.toContain('here:8484');
    });

    test('each head is left once, while the log goes on, and the log is held against all of them', async () => {
      const { audit, note, verify } = nodeCalled('steady');
      const log = await openTestLog(audit, { headEveryMs: 10 });
      const notes = await createCheckpointNotes({
        ...{ folder: audit, checkpoints: auditCheckpoints(pool), nodeId: 'steady', nodeName: 'steady:8484' },
      });
      await Promise.all([notes(), notes()]);
      await note();
      const count = "SELECT count(*) AS n FROM audit_checkpoints WHERE node_id = 'steady'";
      expect(await query(count)).toEqual([{ n: 1 }]);
      for (let i = 0; i < 20; i++) await log.actingAs({ tenantId: 'home', keyId: 'key' }).record(searchEvent(`p${i}`));
      expect((await verify()).isIntact).toBe(true);
      await log.close();
      await notes();
      expect(await query(count)).toEqual([{ n: 2 }]);
      expect(await verify()).toMatchObject({ isIntact: true, chains: [{ records: 23 }] });
    });

    test('a log put back to an earlier state is found out, whether or not it goes on', async () => {
      const { audit, write, note, verify, faultOf } = nodeCalled('put-back');
      await write(5);
      await note();
      await cp(audit, `${audit}.earlier`, { recursive: true });
      await write(5);
      await note();
      await rm(audit, { recursive: true });
      await rename(`${audit}.earlier`, audit);
      expect(await verifyAudit({ folder: audit })).toMatchObject({ isIntact: true });
      expect(await faultOf()).toMatchObject({
        kind: 'truncated',
        message: 'Records 9 to 15 were signed and are gone.',
      });
      // Signed by the right key and longer than before: it is another history all the same
      await write(9);
      await note();
      expect(await verifyAudit({ folder: audit })).toMatchObject({ isIntact: true });
      expect((await verify()).isIntact).toBe(false);
      expect(await faultOf()).toMatchObject({
        kind: 'altered',
        message: expect.stringMatching(/records 10 to 14 before it, was rewritten/),
      });
    });

    test('a chain that is gone is named, and so is a log that was begun anew', async () => {
      const { audit, write, note, faultOf } = nodeCalled('lost');
      const chainFolder = await write(3);
      await note();
      await rm(chainFolder, { recursive: true });
      expect(await faultOf()).toMatchObject({
        kind: 'missing',
        message: expect.stringMatching(/whole chain is gone: 6 records until 2030-/),
      });
      await rm(audit, { recursive: true });
      await write(1);
      const report = await nodeCalled('lost').verify();
      expect(report.chains.map(({ fault }) => fault?.message)).toEqual([
        undefined,
        expect.stringMatching(/signed 6 records until .* with another key: its log was begun anew/),
      ]);
    });

    test('chains of other nodes are on another machine, and a checkpoint that nobody signed is named', async () => {
      const near = nodeCalled('near');
      const far = nodeCalled('far');
      await Promise.all([near.write(1), far.write(2)]);
      await Promise.all([near.note(), far.note()]);
      const { isIntact, elsewhere } = await near.verify();
      expect(isIntact).toBe(true);
      expect(elsewhere).toContainEqual(expect.objectContaining({ nodeName: 'far:8484', records: 5 }));

      const [kept] = await query("SELECT * FROM audit_checkpoints WHERE node_id = 'near'");
      const head = parseHead(kept?.head as string);
      if (!head) throw new Error('no head was left');
      const stranger = await readOrCreateSigningKey(far.audit);
      const forged = signHead({ ...head, seq: 99 }, stranger);
      await auditCheckpoints(pool).add([
        {
          ...{ publicKey: kept?.public_key as Buffer, nodeId: 'near', nodeName: 'near:8484' },
          ...{ chain: head.chain, seq: 99, head: headLine(forged).toString('utf8').trimEnd() },
        },
      ]);
      expect(await near.faultOf()).toMatchObject({
        kind: 'bad-signature',
        message: expect.stringMatching(/near:8484 over record 99 is not signed/),
      });
    });

    test('nobody changes or removes one: not the owner, and not a role that may only add', async () => {
      const { write, note } = nodeCalled('kept');
      await write(1);
      await note();
      for (const sql of [
        'UPDATE audit_checkpoints SET seq = 0',
        'DELETE FROM audit_checkpoints',
        'DELETE FROM audit_checkpoints WHERE false',
        'TRUNCATE audit_checkpoints',
      ]) {
        await expect(query(sql), sql).rejects.toThrow('only ever added');
      }
      const name = new URL(schema.url).username;
      const admin = new pg.Client({ connectionString: SHARED_POSTGRES });
      await admin.connect();
      await admin.query(`
        ALTER TABLE ${name}.audit_checkpoints OWNER TO CURRENT_USER;
        GRANT SELECT, INSERT ON ${name}.audit_checkpoints TO ${name}`);
      try {
        await write(1);
        await note();
        expect(await query("SELECT count(*) AS n FROM audit_checkpoints WHERE node_id = 'kept'")).toEqual([{ n: 2 }]);
        await expect(query('ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL')).rejects.toThrow(/owner/);
      } finally {
        await admin.query(`ALTER TABLE ${name}.audit_checkpoints OWNER TO ${name}`);
        await admin.end();
      }
    });
  },
);

describe.skipIf(SHARED_POSTGRES === undefined)('kith audit verify, of nodes', () => {
  test('names whose disk was cut back, whose chains are elsewhere, and that the database was not there', async () => {
    const schema = testSchema();
    const folder = await mkdtemp(join(tmpdir(), 'kith-verify-'));
    const env = { KITH_STORE: schema.url, KITH_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const of = (node: string) => ['--data-dir', join(folder, node)];
    const use = async (node: string) => {
      const config = loadConfig({ ...env, KITH_DATA_DIR: join(folder, node) });
      await (await openRecords(config, 'command-line')).close();
    };
    try {
      for (const node of ['one', 'two']) await use(node);
      await cp(join(folder, 'one', 'audit'), join(folder, 'earlier'), { recursive: true });
      await use('one');
      const sound = await kith(['audit', 'verify', '--json', ...of('one')], { env });
      expect(sound.code, sound.stderr).toBe(0);
      const [own, other] = recordsOf(sound.stdout);
      expect(own).toMatchObject({ type: 'audit-chain', records: 5 });
      expect(other).toMatchObject({
        type: 'audit-chain-elsewhere',
        records: 3,
        nodeName: expect.stringMatching(/:\d+$/),
      });

      await rm(join(folder, 'one', 'audit'), { recursive: true });
      await rename(join(folder, 'earlier'), join(folder, 'one', 'audit'));
      const cut = await kith(['audit', 'verify', ...of('one')], { env });
      expect([cut.code, cut.stdout]).toEqual([
        1,
        expect.stringMatching(/truncated\. Records 4 to \d were signed and are gone/),
      ]);
      expect(cut.stdout).toMatch(/on another machine; 3 records were signed until/);

      const unreachable = { ...env, KITH_STORE: 'postgres://kith@127.0.0.1:1/kith' };
      const alone = await kith(['audit', 'verify', ...of('one')], { env: unreachable });
      expect([alone.code, alone.stderr]).toEqual([1, expect.stringMatching(/can't be read, so the files alone/)]);
      expect(alone.stdout).toMatch(/3 records .* intact/);
    } finally {
      await schema.drop();
      await rm(folder, { recursive: true });
    }
  }, 120_000);
});
