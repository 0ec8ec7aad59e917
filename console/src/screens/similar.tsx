import { useState } from 'react';
import { ApiError } from '../api.ts';
import { EnrolledPicture } from '../enrolled-picture.tsx';
import { oneIn } from '../numbers.tsx';
import { FaceImage, type OneFace, OneFacePicker } from '../one-face.tsx';
import { type PileFace, usePile } from '../pile.ts';
import { PileDrop } from '../pile-drop.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Empty, Fault, Loading, useLoad } from '../ui.tsx';
import type { Candidate, SimilarFace } from '../wire.ts';
import { qualityInWords } from './identify.tsx';

const KEPT_S = 3600;

export function Similar() {
  const { gallery } = useGallery();
  const [file, setFile] = useState<File>();
  const [face, setFace] = useState<OneFace>();
  return (
    <>
      <h1>{texts.similar.title}</h1>
      <p className="lead">{texts.similar.intro}</p>
      <OneFacePicker
        title={texts.similar.whose}
        choose={texts.similar.choose}
        file={file}
        keepForS={KEPT_S}
        onFiles={([photo]) => setFile(photo)}
        onFace={setFace}
      />
      <section className="card" aria-label={texts.similar.inGallery(gallery.name)}>
        <h2>
          <bdi>{texts.similar.inGallery(gallery.name)}</bdi>
        </h2>
        <p className="fine">{texts.similar.inGalleryHelp}</p>
        <AmongPeople key={face?.probeId} face={face} />
      </section>
      <h2>{texts.similar.inPile}</h2>
      <AmongPile face={face} />
    </>
  );
}

/** Asked for by a press: each search of people is put on record. */
function AmongPeople({ face }: { readonly face: OneFace | undefined }) {
  const { api, gallery } = useGallery();
  const [candidates, setCandidates] = useState<readonly Candidate[]>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const probeId = face?.probeId;
  if (probeId === undefined) return <p>{texts.similar.first}</p>;
  const look = (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    return api
      .similarPeople(gallery.galleryId, probeId)
      .then((answer) => setCandidates(answer.candidates), setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Action onPress={look} isPending={isBusy}>
        {texts.similar.look}
      </Action>
      {error !== undefined && <SimilarFault error={error} retry={look} />}
      {candidates?.length === 0 && <Empty title={texts.similar.none} />}
      {candidates && candidates.length > 0 && (
        <ol className="answers" aria-label={texts.similar.results}>
          {candidates.map(({ personId, name, confidence, strangerRate }) => (
            <li key={personId} className="answer side-by-side">
              <EnrolledPicture personId={personId} name={name} />
              <div className="answer-words">
                <p className="answer-name">
                  <a href={`#people/${personId}`}>
                    <bdi>{name}</bdi>
                  </a>
                </p>
                <Likeness outcome={outcomeOf(confidence)} strangerRate={strangerRate} />
              </div>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

/** Candidates have no outcome of their own: half sure is the threshold. */
function outcomeOf(confidence: number): 'match' | 'unknown' {
  return confidence >= 0.5 ? 'match' : 'unknown';
}

function AmongPile({ face }: { readonly face: OneFace | undefined }) {
  const { api } = useGallery();
  const pile = usePile();
  const probeId = face?.probeId;
  const isReady = probeId !== undefined && pile.photos > 0 && !pile.isRunning && pile.fault === undefined;
  const ranked = useLoad<readonly SimilarFace[]>(
    async () => {
      if (!isReady || pile.faces.length === 0) return [];
      return (
        await api.similar(
          probeId,
          pile.faces.map((other) => other.probeId),
        )
      ).faces;
    },
    isReady ? `${probeId} ${pile.faces.length} ${pile.faces.at(-1)?.probeId}` : '',
  );
  const byProbe = new Map(pile.faces.map((other) => [other.probeId, other]));
  return (
    <>
      <PileDrop pile={pile} />
      {pile.photos > 0 && probeId === undefined && <p className="note">{texts.similar.first}</p>}
      {isReady && ranked.isLoading && <Loading />}
      {isReady && ranked.error !== undefined && <SimilarFault error={ranked.error} retry={ranked.reload} />}
      {isReady && ranked.value?.length === 0 && <Empty title={texts.similar.noFaces} />}
      {isReady && ranked.value && ranked.value.length > 0 && (
        <section className="card" aria-label={texts.similar.results}>
          <h2>{texts.similar.results}</h2>
          <ol className="answers">
            {ranked.value.map((similar) => {
              const other = byProbe.get(similar.probeId);
              return other && <SimilarItem key={similar.probeId} similar={similar} face={other} />;
            })}
          </ol>
        </section>
      )}
    </>
  );
}

function SimilarItem({ similar, face }: { readonly similar: SimilarFace; readonly face: PileFace }) {
  return (
    <li className="answer side-by-side">
      <FaceImage url={face.url} alt={texts.face.alt} />
      <div className="answer-words">
        <p className="file-name">
          <bdi>{face.file.name}</bdi>
        </p>
        <Likeness outcome={similar.outcome} strangerRate={similar.strangerRate} />
        {face.quality.level === 'low' && (
          <p className="quality-low fine">{texts.face.poor(qualityInWords(face.quality))}</p>
        )}
      </div>
    </li>
  );
}

function Likeness(props: { readonly outcome: SimilarFace['outcome']; readonly strangerRate: number }) {
  const { outcome, strangerRate } = props;
  return (
    <>
      <p className={`outcome outcome-${outcome}`}>
        {outcome === 'unknown' ? texts.similar.unlike : texts.identify[outcome]}
      </p>
      <p className="fine">{texts.identify.closeness(oneIn(strangerRate))}</p>
    </>
  );
}

function SimilarFault({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  if (!(error instanceof ApiError) || error.code !== 'probe-not-found') return <Fault error={error} retry={retry} />;
  return (
    <p className="note note-bad" role="alert">
      {texts.similar.forgotten}
    </p>
  );
}
