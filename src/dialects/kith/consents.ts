import type { Static } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import { KithError } from '../../core/errors.ts';
import { getConsent, giveConsent, listDueConsents, withdrawConsent } from '../../core/operations/manage-consents.ts';
import type { Deps } from '../../core/ports.ts';
import type { NewConsent as CoreNewConsent, DuePlace } from '../../core/storage/consents.ts';
import type { Consent as CoreConsent } from '../../core/types.ts';
import { Consent, DueConsents, DueQuery, NewConsent } from './consent-wire.ts';
import { DEFAULT_PAGE, galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { PersonParams, wireTime } from './wire.ts';

/** Time enough to ask people again. */
const DEFAULT_DUE_MS = 30 * 86_400_000;

export function addConsentRoutes(routes: Routes, deps: Deps): void {
  const path = '/galleries/:galleryId/people/:personId/consent';
  routes.json({
    method: 'PUT',
    path,
    summary: 'Put a person’s consent on record; brings back who was suspended',
    permission: 'enrol',
    params: PersonParams,
    body: NewConsent,
    answers: Consent,
    async handle({ audit, tenantId, params: { galleryId, personId }, body }) {
      const person = { gallery: galleryRef(tenantId, galleryId), personId };
      const given = await giveConsent({ ...deps, audit }, person, coreConsent(body, deps.clock.nowMs()));
      return wireConsent(given, deps.clock.nowMs());
    },
  });
  routes.json({
    method: 'GET',
    path,
    summary: 'A person’s consent',
    permission: 'search',
    params: PersonParams,
    answers: Consent,
    async handle({ audit, tenantId, params: { galleryId, personId } }) {
      const gallery = galleryRef(tenantId, galleryId);
      const consent = await getConsent({ ...deps, audit }, { gallery, personId });
      if (consent) return wireConsent(consent, deps.clock.nowMs());
      throw new KithError({ kind: 'not-found', resource: 'consent', id: personId });
    },
  });
  routes.json({
    method: 'DELETE',
    path,
    summary: 'Withdraw a person’s consent: from then on they are unknown, until they consent again',
    permission: 'enrol',
    params: PersonParams,
    async handle({ audit, tenantId, params: { galleryId, personId } }) {
      await withdrawConsent({ ...deps, audit }, { gallery: galleryRef(tenantId, galleryId), personId });
    },
  });
  routes.json({
    method: 'GET',
    path: '/consents',
    summary: 'Consents that run out by a time, soonest first, those that have run out included',
    permission: 'review',
    query: DueQuery,
    answers: DueConsents,
    async handle({ audit, tenantId, query }) {
      const nowMs = deps.clock.nowMs();
      const limit = query.limit ?? DEFAULT_PAGE;
      const byMs = query.due === undefined ? nowMs + DEFAULT_DUE_MS : Date.parse(query.due);
      const found = await listDueConsents(
        { ...deps, audit },
        { tenantId, byMs, kinds: ['large-person'] },
        { limit, ...(query.after === undefined ? {} : { after: placeOf(query.after) }) },
      );
      const last = found.at(-1);
      return {
        consents: found.map(({ galleryId, personId, personName, consent }) => ({
          galleryId,
          personId,
          name: personName,
          consent: wireConsent(consent, nowMs),
        })),
        ...(last && found.length === limit ? { next: `${last.consent.untilMs}.${last.personId}` } : {}),
      };
    },
  });
}

/** What a caller left out of a consent is said here. */
export function coreConsent(consent: Static<typeof NewConsent>, nowMs: number): CoreNewConsent {
  const { givenBy, method, textHash, givenAt, until } = consent;
  return {
    givenBy,
    method,
    textHash: textHash.toLowerCase(),
    givenMs: givenAt === undefined ? nowMs : Date.parse(givenAt),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  };
}

export function wireConsent(consent: CoreConsent, nowMs: number): Static<typeof Consent> {
  const { givenBy, method, textHash, givenMs, untilMs, withdrawnMs } = consent;
  return {
    givenBy,
    method,
    textHash,
    givenAt: wireTime(givenMs),
    ...(untilMs === undefined ? {} : { until: wireTime(untilMs) }),
    ...(withdrawnMs === undefined ? {} : { withdrawnAt: wireTime(withdrawnMs) }),
    state: consentState(consent, nowMs),
  };
}

function consentState({ untilMs, withdrawnMs }: CoreConsent, nowMs: number): Static<typeof Consent>['state'] {
  if (withdrawnMs !== undefined) return 'withdrawn';
  return untilMs !== undefined && untilMs <= nowMs ? 'expired' : 'given';
}

function placeOf(next: string): DuePlace {
  const [untilMs, personId] = next.split('.', 2);
  if (!/^\d{1,15}$/.test(untilMs ?? '') || personId === undefined) {
    throw invalidArgument('after', 'malformed', 'It is the `next` of the page before.');
  }
  return { untilMs: Number(untilMs), personId };
}
