import Type, { type Static } from 'typebox';
import type { AuditAction, AuditRecord } from '../../core/audit-types.ts';
import { MAX_ID_LENGTH, MAX_PAGE } from '../../core/limits.ts';
import type { AuditCheck, Deps } from '../../core/ports.ts';
import { DEFAULT_PAGE } from './galleries.ts';
import type { Routes } from './route.ts';
import { wireTime } from './wire.ts';

const Time = Type.String({ format: 'date-time' });
const AuditQuery = Type.Object({
  personId: Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH, description: 'Only what names this person.' })),
  action: Type.Optional(
    Type.String({ maxLength: 40, description: 'Only what was done: search, enrol, erase-person …' }),
  ),
  from: Type.Optional(Time),
  until: Type.Optional(Time),
  before: Type.Optional(Type.String({ maxLength: 4096, description: '`next` of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});
const Record = Type.Object({
  chain: Type.String(),
  seq: Type.Integer({ description: 'The number of its line in its chain.' }),
  at: Time,
  keyId: Type.String({ description: 'The key it was done with, or which part of Kith did it by itself.' }),
  action: Type.String(),
  outcome: Type.Enum(['begun', 'done', 'refused', 'failed']),
  problem: Type.Optional(Type.String()),
  gallery: Type.Optional(Type.Object({ kind: Type.String(), galleryId: Type.String() })),
  personIds: Type.Optional(Type.Array(Type.String())),
  faceIds: Type.Optional(Type.Array(Type.String())),
  model: Type.Optional(Type.String()),
  threshold: Type.Optional(Type.Number()),
  named: Type.Optional(
    Type.Array(Type.Array(Type.Object({ personId: Type.String(), score: Type.Number() })), {
      description: 'For each face that was searched with, who was named, best first.',
    }),
  ),
  counts: Type.Optional(Type.Record(Type.String(), Type.Number())),
  subjectKeyId: Type.Optional(Type.String()),
});
const Records = Type.Object({
  records: Type.Array(Record, {
    description: 'Newest first; may be fewer than asked for, or none, while there is a next.',
  }),
  next: Type.Optional(Type.String({ description: 'Where the list goes on; left out at its end.' })),
});
const Status = Type.Object({
  state: Type.Enum(['unchecked', 'intact', 'changed']),
  checkedAt: Type.Optional(Time),
  coversUntil: Type.Optional(Type.String({ description: 'Time of the newest record that the check read.' })),
  faults: Type.Array(Type.String({ description: 'The first place at which a chain is not what was written.' })),
});

export function addAuditRoutes(routes: Routes, { auditHistory }: Pick<Deps, 'auditHistory'>): void {
  routes.json({
    method: 'GET',
    path: '/audit',
    summary: 'Who did what, newest first: no names, no photos, no templates',
    permission: 'audit',
    query: AuditQuery,
    answers: Records,
    async handle({ tenantId, query }) {
      const { personId, action, before, limit = DEFAULT_PAGE } = query;
      const { records, next } = await auditHistory.read({
        tenantId,
        limit,
        ...(personId === undefined ? {} : { personId }),
        ...(action === undefined ? {} : { action: action as AuditAction }),
        ...(before === undefined ? {} : { before }),
        ...(query.from === undefined ? {} : { fromMs: Date.parse(query.from) }),
        ...(query.until === undefined ? {} : { untilMs: Date.parse(query.until) }),
      });
      return { records: records.map(wireRecord), ...(next === undefined ? {} : { next }) };
    },
  });
  routes.json({
    method: 'GET',
    path: '/audit/status',
    summary: 'Whether anybody changed the log, as of the last check; the service checks it once a day',
    permission: 'audit',
    query: Type.Object({}),
    answers: Status,
    async handle() {
      return wireStatus(auditHistory.lastCheck());
    },
  });
  routes.json({
    method: 'POST',
    path: '/audit/check',
    summary: 'Read every line of the log now, and say whether anybody changed it',
    permission: 'audit',
    query: Type.Object({}),
    answers: Status,
    async handle() {
      return wireStatus(await auditHistory.check());
    },
  });
}

function wireRecord(record: AuditRecord): Static<typeof Record> {
  const { chain, seq, time: at, keyId, action, outcome, problem, counts } = record;
  return {
    chain,
    seq,
    at,
    keyId,
    action,
    outcome,
    ...(problem === undefined ? {} : { problem }),
    ...('gallery' in record && record.gallery ? { gallery: { ...record.gallery } } : {}),
    ...('personIds' in record && record.personIds ? { personIds: [...record.personIds] } : {}),
    ...('enrolmentIds' in record && record.enrolmentIds ? { faceIds: [...record.enrolmentIds] } : {}),
    ...('recognitionModel' in record ? { model: record.recognitionModel } : {}),
    ...('thresholdScore' in record ? { threshold: record.thresholdScore } : {}),
    ...('searches' in record
      ? { named: record.searches.map(({ candidates }) => candidates.map((candidate) => ({ ...candidate }))) }
      : {}),
    ...(counts === undefined ? {} : { counts: { ...counts } }),
    ...('subjectKeyId' in record ? { subjectKeyId: record.subjectKeyId } : {}),
  };
}

function wireStatus(check: AuditCheck | undefined): Static<typeof Status> {
  if (!check) return { state: 'unchecked', faults: [] };
  return {
    state: check.faults.length === 0 ? 'intact' : 'changed',
    checkedAt: wireTime(check.checkedMs),
    ...(check.coversUntil === undefined ? {} : { coversUntil: check.coversUntil }),
    faults: check.faults.map(({ chain, file, line, message }) => `${chain}/${file}, line ${line}: ${message}`),
  };
}
