// Whose consent is on record, and what follows when it ends: from then on nobody is found by their face.
import { audited, auditedGallery } from '../audited.ts';
import { invalidArgument } from '../checks.ts';
import { MAX_CONSENT_LENGTH } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { DueConsent, DuePlace, EndedConsent, NewConsent } from '../storage/consents.ts';
import type { Consent, GalleryKind, GalleryRef } from '../types.ts';

export interface ConsentAddress {
  readonly gallery: GalleryRef;
  readonly personId: string;
}

/** Clocks differ a little. */
const CLOCK_SLACK_MS = 300_000;
/** Who acts when nobody asked. */
const CHORE_KEY_ID = 'consent-sweep';
const PERSONS_PER_SWEEP = 200;

/** In place of an earlier one. A suspended person is found again once it resolves. */
export async function giveConsent(
  deps: Pick<Deps, 'store' | 'clock' | 'follower'> & Acting,
  { gallery, personId }: ConsentAddress,
  consent: NewConsent,
): Promise<Consent> {
  checkConsent(consent, deps.clock.nowMs());
  const deed = { action: 'consent-give', gallery: auditedGallery(gallery), personIds: [personId] } as const;
  await audited(deps, deed, async () => {
    await deps.store.giveConsent(gallery, personId, consent);
    await deps.follower.catchUp();
  });
  return consent;
}

export async function getConsent(
  deps: Pick<Deps, 'store'> & Acting,
  { gallery, personId }: ConsentAddress,
): Promise<Consent | undefined> {
  const consent = await deps.store.findConsent(gallery, personId);
  const read = { action: 'person-read', outcome: 'done' } as const;
  await deps.audit.record({ ...read, gallery: auditedGallery(gallery), personIds: [personId] });
  return consent;
}

/** Once it resolves, every answer is as if they had never been enrolled, until consent is given again. */
export async function withdrawConsent(
  deps: Pick<Deps, 'store' | 'clock' | 'follower' | 'erasureLedger'> & Acting,
  { gallery, personId }: ConsentAddress,
): Promise<void> {
  const deed = { action: 'consent-withdraw', gallery: auditedGallery(gallery), personIds: [personId] } as const;
  await audited(deps, deed, async () => {
    await deps.store.withdrawConsent(gallery, personId, deps.clock.nowMs());
    await settleErasure(deps);
  });
}

/** Consents that run out by then, soonest first, those that have run out included. */
export async function listDueConsents(
  deps: Pick<Deps, 'store'> & Acting,
  due: { readonly tenantId: string; readonly byMs: number; readonly kinds: readonly GalleryKind[] },
  page: { readonly after?: DuePlace; readonly limit: number },
): Promise<readonly DueConsent[]> {
  const { tenantId, ...until } = due;
  const found = await deps.store.listDueConsents(tenantId, until, page);
  for (const [gallery, personIds] of byGallery(found)) {
    await deps.audit.record({ action: 'person-read', outcome: 'done', gallery: auditedGallery(gallery), personIds });
  }
  return found;
}

/**
 * Suspends whose consent has run out, of every tenant. Asked before each search and comparison as well as now and then:
 * nobody is found between the end of their consent and the next sweep. Costs one look at an index when nothing is due.
 */
export async function endExpiredConsents(deps: Pick<Deps, 'store' | 'clock' | 'follower' | 'auditLog'>): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const endMs = await deps.store.nextConsentEndMs();
  if (endMs === undefined || endMs > nowMs) return;
  for (;;) {
    const ended = await deps.store.listEndedConsents(nowMs, PERSONS_PER_SWEEP);
    if (ended.length === 0) break;
    for (const [gallery, personIds] of byGallery(ended)) {
      const audit = deps.auditLog.actingAs({ tenantId: gallery.tenantId, keyId: CHORE_KEY_ID });
      await audit.record({
        action: 'consent-expire',
        outcome: 'done',
        gallery: auditedGallery(gallery),
        personIds,
      });
    }
    await deps.store.endConsents(
      ended.map(({ personNo }) => personNo),
      nowMs,
    );
  }
  await deps.follower.catchUp();
}

/** A record is of one gallery. */
function byGallery(persons: readonly (EndedConsent | DueConsent)[]): Map<GalleryRef, string[]> {
  const groups = new Map<string, { readonly gallery: GalleryRef; readonly personIds: string[] }>();
  for (const { tenantId, kind, galleryId, personId } of persons) {
    const key = JSON.stringify([tenantId, kind, galleryId]);
    const group = groups.get(key) ?? { gallery: { tenantId, kind, galleryId }, personIds: [] };
    group.personIds.push(personId);
    groups.set(key, group);
  }
  return new Map([...groups.values()].map(({ gallery, personIds }) => [gallery, personIds]));
}

export function checkConsent({ givenBy, method, textHash, givenMs, untilMs }: NewConsent, nowMs: number): void {
  checkText('givenBy', givenBy, 'Say who gave the consent.');
  checkText('method', method, 'Say how the consent was given: signed on paper, say.');
  if (!/^[0-9a-f]{64}$/.test(textHash)) {
    throw invalidArgument('textHash', 'malformed', 'It is the SHA-256 of the text consented to: 64 of 0-9 and a-f.');
  }
  if (givenMs > nowMs + CLOCK_SLACK_MS) {
    throw invalidArgument('givenAt', 'out-of-range', 'Consent that is on record was given before now.');
  }
  if (untilMs !== undefined && (untilMs <= nowMs || untilMs <= givenMs)) {
    throw invalidArgument('until', 'out-of-range', 'Consent that has run out already allows nothing.');
  }
}

function checkText(argument: string, text: string, whatFor: string): void {
  if (text.trim() === '') throw invalidArgument(argument, 'empty', whatFor);
  if (text.length <= MAX_CONSENT_LENGTH) return;
  throw invalidArgument(argument, 'too-long', `It has at most ${MAX_CONSENT_LENGTH} characters.`);
}
