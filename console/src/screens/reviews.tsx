// People say whether an answer is right: one, or two with a key each where the gallery asks for it.
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { EnrolledPicture } from '../enrolled-picture.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Fault, Loading, moment, useLoad } from '../ui.tsx';
import { usePicture } from '../use-picture.ts';
import type { Candidate, Identified, IdentifiedFace, Review, Verdict } from '../wire.ts';

/** The oldest; those after them come up as these are answered. */
const SHOWN = 50;

export function AnswerReview(props: {
  readonly photo: Blob;
  readonly face: IdentifiedFace;
  readonly of: Identified;
  readonly best: Candidate;
}) {
  const { photo, face, of, best } = props;
  const { api, gallery } = useGallery();
  const [review, setReview] = useState<Review>();
  return (
    <>
      {of.confirmationsNeeded > 1 && !review && <p className="fine">{texts.reviews.proposal}</p>}
      {review && <Said review={review} />}
      {(!review || review.state === 'open') && (
        <Verdicts
          name={best.name}
          {...(review?.mine ? { mine: review.mine } : {})}
          give={async (verdict) => {
            const said = { person: best.personId, box: boxInside(face, of), verdict };
            setReview(await api.review(gallery.galleryId, photo, said));
          }}
        />
      )}
    </>
  );
}

/** Whole pixels within the photo, as the service asks for them. */
function boxInside({ box }: IdentifiedFace, { widthPx, heightPx }: Identified): string {
  const left = Math.max(0, Math.round(box.leftPx));
  const top = Math.max(0, Math.round(box.topPx));
  const width = Math.min(Math.round(box.widthPx), widthPx - left);
  const height = Math.min(Math.round(box.heightPx), heightPx - top);
  return [left, top, width, height].join(',');
}

export function WaitingReviews() {
  const { api, gallery } = useGallery();
  const waiting = useLoad(() => api.reviews(gallery.galleryId, SHOWN), gallery.galleryId);
  const found = waiting.value?.reviews;
  return (
    <section className="card" aria-labelledby="waiting">
      <div className="head">
        <h2 id="waiting">{texts.reviews.waiting}</h2>
        <Button className="link" onPress={waiting.reload}>
          {texts.reviews.look}
        </Button>
      </div>
      {waiting.isLoading && <Loading />}
      {waiting.error !== undefined && <Fault error={waiting.error} retry={waiting.reload} />}
      {found?.length === 0 && <p className="fine">{texts.reviews.none}</p>}
      {found && found.length > 0 && (
        <ul className="answers">
          {found.map((review) => (
            <li key={review.reviewId} className="answer">
              <Waiting review={review} />
            </li>
          ))}
        </ul>
      )}
      {waiting.value?.next !== undefined && <p className="fine">{texts.reviews.more(SHOWN)}</p>}
    </section>
  );
}

function Waiting({ review: asLoaded }: { readonly review: Review }) {
  const { api, gallery } = useGallery();
  const [said, setSaid] = useState<Review>();
  const review = said ?? asLoaded;
  const { reviewId, personId, name, openedAt } = review;
  const url = usePicture(asLoaded.hasPhoto ? reviewId : undefined, () => api.reviewPhoto(gallery.galleryId, reviewId));
  return (
    <>
      <div className="side-by-side">
        <figure className="face-figure">
          {url ? <img className="face" src={url} alt="" /> : <span className="face" />}
          <figcaption>{texts.identify.inPhoto}</figcaption>
        </figure>
        <EnrolledPicture personId={personId} name={name} />
        <div className="answer-words">
          <p className="answer-name">
            <a href={`#people/${personId}`}>
              <bdi>{name}</bdi>
            </a>
          </p>
          <p className="fine">{moment(openedAt)}</p>
          <Said review={review} />
        </div>
      </div>
      {review.state === 'open' && (
        <Verdicts
          name={name}
          {...(review.mine ? { mine: review.mine } : {})}
          give={async (verdict) => setSaid(await api.addVerdict(gallery.galleryId, reviewId, verdict))}
        />
      )}
    </>
  );
}

function Said({ review: { state, mine, confirmationsNeeded } }: { readonly review: Review }) {
  const words = {
    open: mine === 'confirm' ? texts.reviews.waitsForOther : texts.reviews.waitsForYou,
    confirmed: confirmationsNeeded > 1 ? texts.reviews.confirmedByTwo : texts.reviews.confirmed,
    rejected: texts.reviews.rejected,
  };
  const tone = { open: 'review', confirmed: 'match', rejected: 'unknown' };
  return (
    <p className={`outcome outcome-${tone[state]}`} role="status">
      {words[state]}
    </p>
  );
}

/** Who confirmed can only take it back. */
function Verdicts(props: {
  readonly name: string;
  readonly mine?: Verdict;
  readonly give: (verdict: Verdict) => Promise<void>;
}) {
  const [pending, setPending] = useState<Verdict>();
  const [error, setError] = useState<unknown>();
  const give = async (verdict: Verdict): Promise<void> => {
    setPending(verdict);
    setError(undefined);
    await props.give(verdict).catch(setError);
    setPending(undefined);
  };
  return (
    <>
      {error !== undefined && <Fault error={error} />}
      <div className="row">
        {(['confirm', 'reject'] as const)
          .filter((verdict) => verdict !== props.mine)
          .map((verdict) => (
            <Button
              key={verdict}
              className="button button-small"
              aria-label={`${texts.reviews[verdict]}: ${props.name}`}
              isPending={pending === verdict}
              isDisabled={pending !== undefined && pending !== verdict}
              onPress={() => give(verdict)}
            >
              {texts.reviews[verdict]}
            </Button>
          ))}
      </div>
    </>
  );
}
