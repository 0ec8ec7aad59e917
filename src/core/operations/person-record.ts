// Everything held about one person and every use that named them: what they may ask for (GDPR Art. 15).

import type { AuditRecord, AuditRef } from '../audit-types.ts';
import { auditedGallery } from '../audited.ts';
import { KithError } from '../errors.ts';
import type { Acting, Deps } from '../ports.ts';
import type { Review } from '../review-types.ts';
import type { Dismissal } from '../storage/dismissed-pairs.ts';
import type { Merge } from '../storage/merges.ts';
import type { PersonWithEnrolments } from '../storage/persons.ts';
import type { Consent, Enrolment, Gallery, GalleryRef } from '../types.ts';

const USES_A_PAGE = 500;
/** Beyond that the record says that it isn't complete, and the audit log is to be read itself. */
const MAX_USES = 10_000;
const MAX_LOOK_MS = 20_000;
const MAX_ROSTERS = 1000;

/** One gallery's part of it. */
export interface PersonHolding {
  readonly gallery: Gallery;
  readonly person: PersonWithEnrolments;
  readonly lastUsedMs: number;
  readonly consent?: Consent;
  /** With the picture's own read on record as well, should it be fetched. */
  readonly enrolments: readonly Enrolment[];
  readonly rosterIds: readonly string[];
  /** Persons made one with this one, which can be undone still. */
  readonly merges: readonly Merge[];
  /** Searches that took somebody for them, and what people said of it. */
  readonly reviews: readonly Review[];
  /** When somebody said that they and another who looks like them are two people. */
  readonly dismissals: readonly Omit<Dismissal, 'personIds'>[];
  readonly snapshotIds: readonly string[];
}

/** A record that names the person, without whom else it names. */
export interface PersonUse extends AuditRef {
  readonly time: string;
  readonly keyId: string;
  readonly action: AuditRecord['action'];
  readonly outcome: AuditRecord['outcome'];
  readonly gallery?: Pick<GalleryRef, 'kind' | 'galleryId'>;
  /** How close the searched face came to theirs. */
  readonly score?: number;
}

export interface PersonRecord {
  readonly personId: string;
  readonly madeMs: number;
  readonly holdings: readonly PersonHolding[];
  /** Newest first. */
  readonly uses: readonly PersonUse[];
  /** Whether that is all of them. */
  readonly usesAreComplete: boolean;
}

/** not-found when no gallery of the tenant holds the person. On record as a read, with the answer in hand. */
export async function getPersonRecord(
  deps: Pick<Deps, 'store' | 'auditHistory' | 'clock'> & Acting,
  { tenantId, personId }: { readonly tenantId: string; readonly personId: string },
): Promise<PersonRecord> {
  const galleries = await deps.store.findGalleriesOfPerson(tenantId, personId);
  if (galleries.length === 0) throw new KithError({ kind: 'not-found', resource: 'person', id: personId });
  const holdings: PersonHolding[] = [];
  for (const gallery of galleries) holdings.push(await holdingIn(deps, gallery, personId));
  const { uses, isComplete } = await usesOf(deps, { tenantId, personId });
  for (const gallery of galleries) {
    await deps.audit.record({
      action: 'person-read',
      outcome: 'done',
      gallery: auditedGallery(gallery),
      personIds: [personId],
      counts: { records: uses.length },
    });
  }
  return { personId, madeMs: deps.clock.nowMs(), holdings, uses, usesAreComplete: isComplete };
}

async function holdingIn({ store }: Pick<Deps, 'store'>, ref: GalleryRef, personId: string): Promise<PersonHolding> {
  const consent = await store.findConsent(ref, personId);
  return {
    gallery: await store.getGallery(ref),
    person: await store.getPerson(ref, personId),
    lastUsedMs: await store.findLastUse(ref, personId),
    ...(consent ? { consent } : {}),
    enrolments: await store.listEnrolments(ref, personId),
    rosterIds: await store.listRostersOfPerson(ref, personId, { limit: MAX_ROSTERS }),
    merges: await store.listMerges(ref, personId),
    reviews: await store.listReviewsOfPerson(ref, personId),
    dismissals: await store.listDismissalsOfPerson(ref, personId),
    snapshotIds: await store.listSnapshotsOfPerson(ref, personId),
  };
}

async function usesOf(
  deps: Pick<Deps, 'auditHistory' | 'clock'>,
  whose: { readonly tenantId: string; readonly personId: string },
): Promise<{ readonly uses: PersonUse[]; readonly isComplete: boolean }> {
  const untilMs = deps.clock.nowMs() + MAX_LOOK_MS;
  const records: AuditRecord[] = [];
  let before: string | undefined;
  do {
    const page = await deps.auditHistory.read({ ...whose, limit: USES_A_PAGE, ...(before ? { before } : {}) });
    records.push(...page.records);
    before = page.next;
  } while (before !== undefined && records.length < MAX_USES && deps.clock.nowMs() < untilMs);
  // A deed has two records: that it begins, and how it went; the first says something where the second is missing
  const ended = new Set(records.flatMap(({ follows }) => (follows ? `${follows.chain} ${follows.seq}` : [])));
  const uses = records
    .filter(({ chain, seq, outcome }) => outcome !== 'begun' || !ended.has(`${chain} ${seq}`))
    .map((record) => useIn(record, whose.personId));
  return { uses, isComplete: before === undefined };
}

function useIn(record: AuditRecord, personId: string): PersonUse {
  const { chain, seq, time, keyId, action, outcome } = record;
  const scores =
    'searches' in record
      ? record.searches.flatMap(({ candidates }) =>
          candidates.flatMap((candidate) => (candidate.personId === personId ? candidate.score : [])),
        )
      : [];
  return {
    chain,
    seq,
    time,
    keyId,
    action,
    outcome,
    ...('gallery' in record && record.gallery ? { gallery: record.gallery } : {}),
    ...(scores.length > 0 ? { score: Math.max(...scores) } : {}),
  };
}
