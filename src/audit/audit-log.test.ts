import { chmodSync, readdirSync, readFileSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  ACTOR,
  linesOf,
  openTestLog,
  recordsIn,
  START_MS,
  searchEvent,
  segmentsOf,
  withTemporaryFolder,
  writeLines,
  writeLog,
} from '../../tests/support/audit-logs.ts';
import { AuditFaultError } from './audit-fault.ts';
import { verifyAudit } from './verify-audit.ts';

test('a record says when, by which key, what, and who was named; the log says when it was in use', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    const ref = await log.actingAs(ACTOR).record(searchEvent('person-1', 0.712345678));
    expect(ref).toEqual({ chain: log.chain, seq: 3 });
    await log.close();

    const [begin, start, search, end] = recordsIn(join(folder, log.chain));
    expect(begin).toMatchObject({ action: 'chain-start', chain: log.chain, seq: 1, prev: '0'.repeat(64) });
    expect(start).toMatchObject({ action: 'use-start', part: 'service', others: [] });
    expect(search).toEqual({
      seq: 3,
      prev: expect.stringMatching(/^[0-9a-f]{64}$/),
      time: expect.stringMatching(/^2030-01-01T00:00:\d\d\.000Z$/),
      tenantId: 'clinic',
      keyId: 'key-1',
      action: 'search',
      outcome: 'done',
      gallery: { kind: 'large-person', galleryId: 'staff' },
      recognitionModel: 'recognition_04',
      packId: 'fast',
      thresholdScore: 0.42,
      searches: [{ probeId: 'probe-of-person-1', candidates: [{ personId: 'person-1', score: 0.7123 }] }],
    });
    expect(end).toMatchObject({ action: 'use-end', part: 'service', seq: 4 });
    expect(await verifyAudit({ folder })).toMatchObject({
      isIntact: true,
      chains: [{ records: 4, signedSeq: 4, tornBytes: 0, firstTime: new Date(START_MS + 1000).toISOString() }],
    });
  }));

test('whatever else hangs on an event, a name or a template, reaches no file', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    const audit = log.actingAs({ ...ACTOR, label: 'CANARY' } as typeof ACTOR);
    const event = searchEvent('person-1');
    await audit.record({
      ...event,
      name: 'CANARY',
      userData: 'CANARY',
      template: { vector: Float32Array.of(1, 2, 3), packId: 'CANARY' },
      gallery: { kind: 'person', galleryId: 'staff', tenantId: ACTOR.tenantId, name: 'CANARY' },
      searches: [{ candidates: [{ personId: 'person-1', score: 0.5, personName: 'CANARY', enrolmentId: 'CANARY' }] }],
    } as unknown as typeof event);
    await log.close();
    for (const file of segmentsOf(join(folder, log.chain))) {
      expect(readFileSync(join(folder, log.chain, file), 'utf8')).not.toMatch(/CANARY|vector/);
    }
  }));

test('a record that holds too much, no number, or another tenant is refused alone', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    const audit = log.actingAs(ACTOR);
    const gallery = { kind: 'person', galleryId: 'staff', tenantId: 'another' } as const;
    const outcomes = await Promise.allSettled([
      audit.record({ action: 'person-read', outcome: 'done', gallery, personIds: ['person-1'] }),
      audit.record(searchEvent('x'.repeat(129))),
      audit.record(searchEvent('person-1', Number.NaN)),
      audit.record({
        action: 'export',
        outcome: 'done',
        gallery: { kind: 'person', galleryId: 'staff' },
        personIds: Array.from({ length: 20_000 }, (_, i) => `${i}`.padStart(64, '0')),
      }),
      audit.record(searchEvent('person-1')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected', 'fulfilled']);
    await log.close();
    expect(recordsIn(join(folder, log.chain))).toHaveLength(4);
  }));

test('thousands of records at once stand in the order in which they were made, in few writes', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder, { segmentBytes: 256 * 1024 });
    const audit = log.actingAs(ACTOR);
    const refs = await Promise.all(Array.from({ length: 5000 }, (_, i) => audit.record(searchEvent(`person-${i}`))));
    const { records, commits } = log.stats();
    await log.close();

    expect(refs.map(({ seq }) => seq)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 3));
    expect(records).toBe(5000);
    expect(commits).toBeLessThanOrEqual(10);
    const chainFolder = join(folder, log.chain);
    expect(segmentsOf(chainFolder).length).toBeGreaterThan(2);
    const named = recordsIn(chainFolder).filter(({ action }) => action === 'search');
    expect(named).toHaveLength(5000);
    for (const [i, record] of named.entries()) expect(JSON.stringify(record.searches)).toContain(`"person-${i}"`);
    expect(await verifyAudit({ folder })).toMatchObject({
      isIntact: true,
      chains: [{ records: 5003, signedSeq: 5003 }],
    });
  }));

test('writers that wait for each record share writes, and none of them waits for ever', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    const audit = log.actingAs(ACTOR);
    await Promise.all(
      Array.from({ length: 32 }, async (_, writer) => {
        for (let i = 0; i < 20; i++) await audit.record(searchEvent(`person-${writer}-${i}`));
      }),
    );
    const { records, commits } = log.stats();
    expect(records).toBe(640);
    expect(commits).toBeLessThanOrEqual(64);
    await log.close();
  }));

test('a chain goes on where it ended', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 3 });
    expect(await writeLog(folder, { records: 2 })).toBe(chainFolder);
    expect(recordsIn(chainFolder).map(({ action }) => action)).toEqual([
      ...['chain-start', 'use-start', 'search', 'search', 'search', 'use-end'],
      ...['use-start', 'search', 'search', 'use-end'],
    ]);
    expect(recordsIn(chainFolder)[6]).not.toHaveProperty('cutOffAfter');
    expect((await verifyAudit({ folder })).isIntact).toBe(true);
  }));

test('whoever comes while a chain is written gets one of their own, and notes how far the others had come', () =>
  withTemporaryFolder(async (folder) => {
    const service = await openTestLog(folder);
    await service.actingAs(ACTOR).record(searchEvent('person-1'));
    const command = await openTestLog(folder, { part: 'command-line' });
    const another = await openTestLog(folder, { part: 'command-line' });
    await Promise.all([service, command, another].map((log) => log.actingAs(ACTOR).record(searchEvent('person-2'))));
    expect(new Set([service.chain, command.chain, another.chain]).size).toBe(3);
    expect(recordsIn(join(folder, another.chain))[1]?.others).toMatchObject([
      { chain: service.chain, seq: 2 },
      { chain: command.chain, seq: 2 },
    ]);
    expect(await verifyAudit({ folder }), 'while all three are open').toMatchObject({ isIntact: true });
    await Promise.all([service, command, another].map((log) => log.close()));

    const later = await openTestLog(folder, { part: 'command-line' });
    expect(later.chain, 'the first one is free again').toBe(service.chain);
    await later.close();
    const report = await verifyAudit({ folder });
    expect(report).toMatchObject({ isIntact: true });
    expect(report.chains).toHaveLength(3);
  }));

test('a head is signed after a while without a record', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder, { headEveryMs: 20 });
    await log.actingAs(ACTOR).record(searchEvent('person-1'));
    await expect.poll(async () => (await verifyAudit({ folder })).chains[0]?.signedSeq).toBe(3);
    await log.close();
  }));

test('nothing is recorded after the end, and closing twice is closing once', () =>
  withTemporaryFolder(async (folder) => {
    const log = await openTestLog(folder);
    const audit = log.actingAs(ACTOR);
    const last = audit.record(searchEvent('person-1'));
    await Promise.all([log.close(), log.close()]);
    expect((await last).seq).toBe(3);
    await expect(audit.record(searchEvent('person-2'))).rejects.toMatchObject({
      problem: { kind: 'unavailable', part: 'audit' },
    });
    expect(recordsIn(join(folder, log.chain)).at(-1)).toMatchObject({ action: 'use-end', seq: 4 });
  }));

test('everything is readable by its owner only, and takes no more room than its lines once closed', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 1 });
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(modeOf(chainFolder)).toBe('700');
    for (const name of ['signing-key.pem', 'public-key.pem']) expect(modeOf(join(folder, name))).toBe('600');
    for (const name of readdirSync(chainFolder)) expect(modeOf(join(chainFolder, name)), name).toBe('600');
    for (const name of ['000001.jsonl', 'heads.jsonl']) expect(readFileSync(join(chainFolder, name)).at(-1)).toBe(10);
  }));

test('a signing key that others can read, or that is not the one of the public key, is refused', () =>
  withTemporaryFolder(async (folder) => {
    await writeLog(folder, { records: 1 });
    const path = join(folder, 'signing-key.pem');
    chmodSync(path, 0o640);
    await expect(openTestLog(folder)).rejects.toThrow('chmod 600');
    unlinkSync(path);
    await expect(openTestLog(folder), 'a new one is made').rejects.toThrow("don't belong together");
    unlinkSync(join(folder, 'public-key.pem'));
    await expect(openTestLog(folder), 'and signed nothing of the chain').rejects.toThrow(AuditFaultError);
  }));

test('a last line that was cut off is removed, and its removal recorded', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 3 });
    const path = join(chainFolder, '000001.jsonl');
    // As after a crash: the end of use and its head never came, and half a line did
    const lines = linesOf(chainFolder);
    writeLines(chainFolder, lines.slice(0, 5));
    writeLines(chainFolder, linesOf(chainFolder, 'heads.jsonl').slice(0, 1), 'heads.jsonl');
    writeFileSync(path, lines[5]?.slice(0, 40) ?? '', { flag: 'a' });

    const report = await verifyAudit({ folder });
    expect(report).toMatchObject({ isIntact: true, chains: [{ records: 5, signedSeq: 2, tornBytes: 40 }] });
    await writeLog(folder, { records: 1 });
    const [start, search] = recordsIn(chainFolder).slice(5);
    expect(start).toMatchObject({ action: 'use-start', tornBytes: 40, cutOffAfter: expect.stringContaining('2030-') });
    expect(search).toMatchObject({ action: 'search', seq: 7 });
    expect((await verifyAudit({ folder })).isIntact).toBe(true);
  }));

test('pages of the last write that never reached the disk are removed too, and so is a torn head', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 8 });
    const path = join(chainFolder, '000001.jsonl');
    const heads = linesOf(chainFolder, 'heads.jsonl');
    writeLines(chainFolder, heads.slice(0, 1), 'heads.jsonl');
    writeFileSync(join(chainFolder, 'heads.jsonl'), `${heads[1]?.slice(0, 90)}\0\0\0\n\0\0\0`, { flag: 'a' });
    const bytes = readFileSync(path);
    const lines = linesOf(chainFolder);
    const offset = Buffer.byteLength(`${lines.slice(0, 6).join('\n')}\n`);
    bytes.fill(0, offset + 100, offset + 500);
    writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(3_000_000)]));

    const torn = bytes.length - offset;
    expect(await verifyAudit({ folder })).toMatchObject({ isIntact: true, chains: [{ records: 6, tornBytes: torn }] });
    await writeLog(folder, { records: 0 });
    expect(recordsIn(chainFolder)[6]).toMatchObject({ action: 'use-start', seq: 7, tornBytes: torn });
    expect(await verifyAudit({ folder })).toMatchObject({ isIntact: true, chains: [{ records: 8, signedSeq: 8 }] });
  }));

test('a chain whose very first write was cut off is begun anew', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 0 });
    truncateSync(join(chainFolder, 'heads.jsonl'));
    truncateSync(join(chainFolder, '000001.jsonl'), 50);
    await writeLog(folder, { records: 1 });
    expect(recordsIn(chainFolder).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect((await verifyAudit({ folder })).isIntact).toBe(true);
  }));

test('a log that was changed behind its last head is not added to, and the line is named', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 20 });
    // As it was while it ran
    writeLines(chainFolder, linesOf(chainFolder, 'heads.jsonl').slice(0, 1), 'heads.jsonl');
    const lines = linesOf(chainFolder).map((line, i) => (i === 10 ? line.replace('0.71', '0.17') : line));
    writeLines(chainFolder, lines);
    await expect(openTestLog(folder)).rejects.toThrow(/000001\.jsonl, line 11: altered\. .* move .* away/);
    expect(linesOf(chainFolder)).toEqual(lines);
  }));

test('one line that was cut off is taken for a crash, whole records that are gone are not', () =>
  withTemporaryFolder(async (folder) => {
    const chainFolder = await writeLog(folder, { records: 5 });
    writeLines(chainFolder, linesOf(chainFolder).slice(0, 6));
    await expect(openTestLog(folder)).rejects.toThrow(/000001\.jsonl, line 7: truncated\. Records 7 to 8 were signed/);
  }));
