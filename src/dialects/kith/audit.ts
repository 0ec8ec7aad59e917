import Type, { type Static } from 'typebox';
import type { AuditAction, AuditRecord } from '../../core/audit-types.ts';
import type { AuditCheck, Deps } from '../../core/ports.ts';
import * as wire from './audit-wire.ts';
import { DEFAULT_PAGE } from './galleries.ts';
import type { Routes } from './route.ts';
import { wireTime } from './wire.ts';

export function addAuditRoutes(routes: Routes, { auditHistory }: Pick<Deps, 'auditHistory'>): void {
  routes.json({
    method: 'GET',
    path: '/audit',
    summary: 'Who did what, newest first: no names, no photos, no templates',
    permission: 'audit',
    query: wire.AuditQuery,
    answers: wire.AuditedDeeds,
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
    answers: wire.AuditStatus,
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
    answers: wire.AuditStatus,
    async handle() {
      return wireStatus(await auditHistory.check());
    },
  });
  routes.json({
    method: 'GET',
    path: '/audit/heads',
    summary: 'How far the log has come, signed: kept elsewhere, it shows later whether anything before it is gone',
    permission: 'audit',
    query: Type.Object({}),
    answers: wire.AuditHeads,
    async handle() {
      return { heads: (await auditHistory.heads()).map((head) => ({ ...head })) };
    },
  });
}

function wireRecord(record: AuditRecord): Static<typeof wire.AuditedDeed> {
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

function wireStatus(check: AuditCheck | undefined): Static<typeof wire.AuditStatus> {
  if (!check) return { state: 'unchecked', faults: [] };
  return {
    state: check.faults.length === 0 ? 'intact' : 'changed',
    checkedAt: wireTime(check.checkedMs),
    ...(check.coversUntil === undefined ? {} : { coversUntil: check.coversUntil }),
    faults: check.faults.map(({ chain, file, line, message }) => `${chain}/${file}, line ${line}: ${message}`),
  };
}
