import Type, { type Static } from 'typebox';
import type { ErasedCounts, RecordedErasure } from '../../core/erasure-types.ts';
import { listErasures } from '../../core/operations/list-erasures.ts';
import { reissueReceipt } from '../../core/operations/reissue-receipt.ts';
import type { Deps } from '../../core/ports.ts';
import * as wire from './erasures-wire.ts';
import { DEFAULT_PAGE } from './galleries.ts';
import type { Routes } from './route.ts';

export function addErasureRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'GET',
    path: '/erasures',
    summary: 'Whom and what was erased, newest first, as the audit log has it',
    permission: 'audit',
    about: 'listed',
    query: wire.ErasuresQuery,
    answers: wire.Erasures,
    async handle({ tenantId, bounds, query }) {
      const { gallery, personId, before, limit = DEFAULT_PAGE } = query;
      const { erasures, next, otherNodes } = await listErasures(deps, {
        tenantId,
        bounds,
        limit,
        ...(gallery === undefined ? {} : { galleryId: gallery }),
        ...(personId === undefined ? {} : { personId }),
        ...(before === undefined ? {} : { before }),
      });
      return {
        erasures: erasures.map(wireErasure),
        ...(next === undefined ? {} : { next }),
        otherNodes: [...otherNodes],
      };
    },
  });
  routes.json({
    method: 'GET',
    path: '/erasures/:chain/:seq/receipt',
    summary: 'The receipt of an erasure, made out again from its record, which is checked first; on record itself',
    permission: 'audit',
    about: 'listed',
    params: wire.RecordParams,
    answers: wire.ReissuedReceipt,
    async handle({ audit, tenantId, bounds, params: { chain, seq } }) {
      const { receipt, signature } = await reissueReceipt(
        { ...deps, audit },
        { tenantId, bounds, record: { chain, seq: Number(seq) } },
      );
      const { removed, unconfirmedNodes, notOnRecord, subject, ...facts } = receipt;
      return {
        receipt: {
          ...facts,
          subject: { ...subject },
          ...wireCounts(removed),
          ...(unconfirmedNodes ? { unconfirmedNodes: [...unconfirmedNodes] } : {}),
          ...(notOnRecord ? { notOnRecord: [...notOnRecord] } : {}),
        },
        signature,
      };
    },
  });
  routes.json({
    method: 'GET',
    path: '/erasures/public-key',
    summary: 'By which anybody can check the receipts that this service signed',
    permission: 'audit',
    about: 'no-gallery',
    query: Type.Object({}),
    answers: wire.ReceiptKey,
    async handle() {
      const { text, fingerprint } = deps.receipts.publicKey;
      return { keyFingerprint: fingerprint, publicKey: text };
    },
  });
}

function wireErasure(erasure: RecordedErasure): Static<typeof wire.RecordedErasure> {
  const { record, erasedAt, subject, cause, keyId, removed } = erasure;
  return { record, erasedAt, subject: { ...subject }, cause, keyId, ...wireCounts(removed) };
}

function wireCounts(removed: ErasedCounts | undefined): { readonly removed?: ErasedCounts } {
  return removed ? { removed: { ...removed } } : {};
}
