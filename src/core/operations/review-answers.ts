// A person, not a score, says whether somebody was found. Where the gallery has the two-person rule, two do, as Art. 14(5)
// of the EU's AI Act asks of remote identification (Regulation (EU) 2024/1689).
import { audited, auditedGallery } from '../audited.ts';
import { packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { chooseFace, type FaceTarget } from '../face-choice.ts';
import { MAX_CANDIDATES, MAX_FACES_PER_IMAGE, REVIEW_KEPT_MS } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import type { Review, Verdict } from '../review-types.ts';
import type { Box, Face, Gallery, GalleryRef } from '../types.ts';
import { identifyTemplates, type SearchDeps } from './identify.ts';

/** Who says it. */
export interface Said {
  readonly keyId: string;
  readonly verdict: Verdict;
}

export interface PhotoToReview extends Said {
  readonly gallery: GalleryRef;
  /** Whom the search took the face for. */
  readonly personId: string;
  readonly image: Uint8Array;
  /** SHA-256 of the image, hex. */
  readonly sourceHash: string;
  readonly target: FaceTarget;
  readonly signal?: AbortSignal;
}

/**
 * The first verdict on an answer, or the second of whoever looks at the same photo. The face is searched anew, so that a
 * review is only of what a search of this gallery did answer: conflict when it doesn't name that person for the face. The
 * face's picture is kept, sealed under the person's key, only for as long as another person has to see it.
 */
export async function openReview(
  deps: SearchDeps & Pick<Deps, 'newId'>,
  { personId, keyId, verdict, ...photo }: PhotoToReview,
): Promise<Review> {
  const gallery = await deps.store.getGallery(photo.gallery);
  const { wrappedKey } = await deps.store.getPersonKey(gallery, personId);
  const isFirstOfTwo = gallery.twoPersonRule && verdict === 'confirm';
  const face = await readFace(deps, gallery, { ...photo, withPortrait: isFirstOfTwo });
  const { search, score } = await searchFor(deps, gallery, { personId, vector: face.vector, signal: photo.signal });
  const { portrait } = face;
  return putOnRecord(deps, { gallery, personId, verdict, search }, (nowMs) =>
    deps.store.openReview(gallery, {
      ...{ personId, score, search },
      reviewId: deps.newId(),
      faceKey: faceKey(photo.sourceHash, face.box),
      confirmationsNeeded: gallery.twoPersonRule ? 2 : 1,
      ...(portrait ? { sealedPhoto: deps.vault.sealPhoto(gallery.tenantId, wrappedKey, portrait) } : {}),
      openedMs: nowMs,
      verdict: { keyId, verdict, givenMs: nowMs },
    }),
  );
}

/** What another person says of it. */
export async function addVerdict(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  { gallery, reviewId, keyId, verdict }: Said & { readonly gallery: GalleryRef; readonly reviewId: string },
): Promise<Review> {
  const { personId, search } = await deps.store.getReview(gallery, reviewId);
  return putOnRecord(deps, { gallery, personId, verdict, search }, (nowMs) =>
    deps.store.addVerdict(gallery, reviewId, { keyId, verdict, givenMs: nowMs }),
  );
}

/** Those that wait for somebody, oldest first. */
export function listOpenReviews(
  { store }: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  page: { readonly afterReviewNo?: number; readonly limit: number },
): Promise<readonly Review[]> {
  return store.listOpenReviews(gallery, page);
}

/** JPEG of the face that was searched with. */
export async function getReviewPhoto(
  deps: Pick<Deps, 'store' | 'vault'> & Acting,
  gallery: GalleryRef,
  reviewId: string,
): Promise<Uint8Array> {
  const { personId, search } = await deps.store.getReview(gallery, reviewId);
  const photo = await deps.store.findReviewPhoto(gallery, reviewId);
  if (!photo) throw new KithError({ kind: 'not-found', resource: 'photo', id: reviewId });
  const read = { action: 'review-read', outcome: 'done', gallery: auditedGallery(gallery) } as const;
  await deps.audit.record({ ...read, personIds: [personId], search });
  return deps.vault.openPhoto(gallery.tenantId, photo.wrappedKey, photo.sealedPhoto);
}

/** Who was asked and never looked is asked no longer. */
export async function sweepReviews(deps: Pick<Deps, 'store' | 'clock'>): Promise<void> {
  await deps.store.sweepReviews(deps.clock.nowMs() - REVIEW_KEPT_MS);
}

async function readFace(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  gallery: Gallery,
  photo: Pick<PhotoToReview, 'image' | 'target' | 'signal'> & { readonly withPortrait: boolean },
): Promise<Pick<Face, 'box' | 'portrait'> & { readonly vector: Float32Array }> {
  const { packId } = packFor(deps, gallery.recognitionModel);
  const wanted = { packId, maxFaces: MAX_FACES_PER_IMAGE, measure: true, embed: true, portraits: photo.withPortrait };
  const { template, box, portrait } = chooseFace(
    await deps.engine.analyse(photo.image, wanted, photo.signal),
    photo.target,
  );
  if (!template) throw new Error('the engine left out what it was asked for');
  return { box, vector: template.vector, ...(portrait ? { portrait } : {}) };
}

async function searchFor(
  deps: SearchDeps,
  gallery: Gallery,
  wanted: { readonly personId: string; readonly vector: Float32Array; readonly signal: AbortSignal | undefined },
): Promise<Pick<Review, 'search' | 'score'>> {
  const { personId, vector, signal } = wanted;
  const [answer] = await identifyTemplates(deps, gallery, {
    vectors: [vector],
    maxCandidates: MAX_CANDIDATES,
    minConfidence: 'review',
    ...(signal ? { signal } : {}),
  });
  const named = answer?.candidates.find((candidate) => candidate.personId === personId);
  if (answer && named) return { search: answer.search.record, score: named.score };
  throw new KithError({
    kind: 'conflict',
    resource: 'review',
    message: 'A search of this gallery does not name this person for this face, so there is nothing to confirm.',
  });
}

function putOnRecord(
  deps: Pick<Deps, 'clock'> & Acting,
  of: Pick<Review, 'personId' | 'search'> & { readonly gallery: GalleryRef; readonly verdict: Verdict },
  give: (nowMs: number) => Promise<Review>,
): Promise<Review> {
  const countsOf = ({ verdicts, confirmationsNeeded: needed }: Review) => ({
    confirmations: verdicts.filter(({ verdict }) => verdict === 'confirm').length,
    needed,
  });
  const { gallery, personId, verdict, search } = of;
  const deed = { action: `review-${verdict}`, gallery: auditedGallery(gallery), personIds: [personId] } as const;
  return audited(deps, { ...deed, search, countsOf }, () => give(deps.clock.nowMs()));
}

/** Whole pixels: the same photo read twice has the same face in the same place. */
function faceKey(sourceHash: string, { leftPx, topPx, widthPx, heightPx }: Box): string {
  return [sourceHash, ...[leftPx, topPx, widthPx, heightPx].map(Math.round)].join(' ');
}
