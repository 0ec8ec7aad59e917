import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { EnrolledPicture } from '../enrolled-picture.tsx';
import { Numbers, oneIn } from '../numbers.tsx';
import { PhotoDrop, type PickedPhoto } from '../photo-drop.tsx';
import { placeOver } from '../place-over.ts';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Fault, Loading } from '../ui.tsx';
import type { Box, Identified, IdentifiedFace } from '../wire.ts';
import { AnswerReview, WaitingReviews } from './reviews.tsx';

interface LookedAt {
  readonly id: number;
  readonly file: File;
  readonly url: string;
  readonly answer?: Identified;
  readonly error?: unknown;
}

const PHOTOS_AT_ONCE = 2;

export function Identify() {
  const { api, gallery } = useGallery();
  const [photos, setPhotos] = useState<readonly LookedAt[]>([]);
  const nextId = useRef(0);
  const shown = useRef(photos);
  shown.current = photos;
  useEffect(
    () => () => {
      for (const { url } of shown.current) URL.revokeObjectURL(url);
    },
    [],
  );

  const look = async (picked: readonly PickedPhoto[]): Promise<void> => {
    const added = picked.map(({ file }) => ({ id: nextId.current++, file, url: URL.createObjectURL(file) }));
    setPhotos((before) => [...added, ...before]);
    await ask(added);
  };

  const ask = async (asked: readonly LookedAt[]): Promise<void> => {
    const queue = [...asked];
    const lane = async (): Promise<void> => {
      for (let photo = queue.shift(); photo; photo = queue.shift()) {
        const { id, file, url } = photo;
        const outcome = await api.identify(gallery.galleryId, file).then(
          (answer) => ({ answer }),
          (error: unknown) => ({ error }),
        );
        setPhotos((before) => before.map((other) => (other.id === id ? { id, file, url, ...outcome } : other)));
      }
    };
    await Promise.all(Array.from({ length: PHOTOS_AT_ONCE }, lane));
  };

  const clear = (): void => {
    for (const { url } of photos) URL.revokeObjectURL(url);
    setPhotos([]);
  };

  return (
    <>
      <div className="head">
        <h1>{texts.identify.title}</h1>
        {photos.length > 0 && (
          <Button className="button" onPress={clear}>
            {texts.identify.clear}
          </Button>
        )}
      </div>
      <p className="lead">{texts.identify.intro}</p>
      <PhotoDrop label={texts.identify.drop} choose={texts.identify.choose} camera="any" onPick={look} />
      {gallery.people === 0 && (
        <p className="note">
          {texts.identify.nobodyYet} <a href="#add">{texts.nav.add}</a>
        </p>
      )}
      {gallery.twoPersonRule && <WaitingReviews />}
      {photos.map((photo) => (
        <LookedAtPhoto
          key={photo.id}
          photo={photo}
          retry={() => {
            const { id, file, url } = photo;
            setPhotos((before) => before.map((other) => (other.id === id ? { id, file, url } : other)));
            void ask([photo]);
          }}
        />
      ))}
    </>
  );
}

function LookedAtPhoto({ photo, retry }: { readonly photo: LookedAt; readonly retry: () => void }) {
  const { answer, error, file, url } = photo;
  return (
    <section className="card looked" aria-label={file.name}>
      <h2 className="file-name">
        <bdi>{file.name}</bdi>
      </h2>
      {error !== undefined && <Fault error={error} retry={retry} />}
      {!answer && error === undefined && <Loading />}
      <figure className="photo">
        <img src={url} alt="" />
        {answer?.faces.map((face, i) => (
          <span
            key={keyOf(face)}
            className={`box box-${face.outcome}`}
            ref={(element) => placeOver(element, face.box, answer)}
          >
            <span className="box-label">
              {i + 1}
              <bdi>{face.outcome === 'unknown' ? '' : ` ${face.candidates[0]?.name ?? ''}`}</bdi>
            </span>
          </span>
        ))}
      </figure>
      {answer && answer.faces.length === 0 && <p>{texts.identify.none}</p>}
      {answer && answer.faces.length > 0 && (
        <ol className="answers">
          {answer.faces.map((face, i) => (
            <li key={keyOf(face)} className={`answer answer-${face.outcome}`}>
              <FaceAnswer face={face} file={file} url={url} size={answer} no={i + 1} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** No two faces of a photo lie in one place. */
function keyOf({ box }: IdentifiedFace): string {
  return `${box.leftPx} ${box.topPx} ${box.widthPx}`;
}

function FaceAnswer(props: {
  readonly face: IdentifiedFace;
  readonly file: File;
  readonly url: string;
  readonly size: Identified;
  readonly no: number;
}) {
  const { face, file, url, size, no } = props;
  const { gallery } = useGallery();
  const [best, ...others] = face.candidates;
  // As sure as a match, and asked all the same: then the next one is as near
  const isTied = face.outcome === 'review' && best !== undefined && best.score >= face.search.threshold;
  const isNamed = face.outcome !== 'unknown' && best !== undefined;
  return (
    <>
      <div className="side-by-side">
        <FaceCrop url={url} box={face.box} size={size} />
        {isNamed && <EnrolledPicture key={best.personId} personId={best.personId} name={best.name} />}
        <div className="answer-words">
          <p className="answer-name">
            <span className="answer-no">{no}</span>{' '}
            {isNamed ? (
              <a href={`#people/${best.personId}`}>
                <bdi>{best.name}</bdi>
              </a>
            ) : (
              texts.identify.unknownFace
            )}
          </p>
          <p className={`outcome outcome-${face.outcome}`}>{texts.identify[face.outcome]}</p>
          {isNamed && (
            <p className="fine">{isTied ? texts.identify.tied : texts.identify.closeness(oneIn(best.strangerRate))}</p>
          )}
          {isNamed && others.length > 0 && (
            <p className="fine">
              {texts.identify.others}{' '}
              {others.map(({ personId, name }, i) => (
                <span key={personId}>
                  {i > 0 && ', '}
                  <a href={`#people/${personId}`}>
                    <bdi>{name}</bdi>
                  </a>
                </span>
              ))}
            </p>
          )}
        </div>
      </div>
      {isNamed && <AnswerReview photo={file} face={face} of={size} best={best} />}
      {gallery.people > 0 && (
        <p className="fine">{texts.identify.risk(gallery.people, oneIn(face.search.expectedFpir))}</p>
      )}
      <FaceNumbers face={face} />
    </>
  );
}

function FaceNumbers({ face }: { readonly face: IdentifiedFace }) {
  const { search, quality, candidates } = face;
  const [best] = candidates;
  const rows: readonly (readonly [string, string])[] = [
    ...(best
      ? ([
          [texts.identify.score, best.score.toFixed(3)],
          [texts.identify.confidence, best.confidence.toFixed(2)],
        ] as const)
      : []),
    [texts.identify.threshold, search.threshold.toFixed(3)],
    [texts.identify.reviewFrom, search.reviewThreshold.toFixed(3)],
    [texts.identify.quality, qualityInWords(quality)],
    [texts.identify.model, search.model],
    [texts.identify.calibrated, search.calibratedOn],
  ];
  return <Numbers rows={rows} />;
}

export function qualityInWords({ level, reasons }: IdentifiedFace['quality']): string {
  const why = reasons.map((reason) => texts.quality[reason] ?? reason).join('; ');
  return why === '' ? (texts.quality[level] ?? level) : `${texts.quality[level] ?? level}: ${why}`;
}

/** The face cut out of the photo that is looked at. */
function FaceCrop({ url, box, size }: { readonly url: string; readonly box: Box; readonly size: Identified }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => {
      const context = canvas.current?.getContext('2d');
      if (!context) return;
      // The picture on the screen is upright, as the box is; its pixels may have been scaled by the browser
      const scale = image.naturalWidth / size.widthPx;
      const side = Math.max(box.widthPx, box.heightPx) * 1.3;
      const left = (box.leftPx + box.widthPx / 2 - side / 2) * scale;
      const top = (box.topPx + box.heightPx / 2 - side / 2) * scale;
      context.drawImage(image, left, top, side * scale, side * scale, 0, 0, 160, 160);
    };
    image.src = url;
  }, [url, box, size]);
  return (
    <figure className="face-figure">
      <canvas ref={canvas} className="face" width="160" height="160" />
      <figcaption>{texts.identify.inPhoto}</figcaption>
    </figure>
  );
}
