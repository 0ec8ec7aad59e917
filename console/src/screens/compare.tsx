import { useState } from 'react';
import { Button } from 'react-aria-components';
import { Numbers, oneIn } from '../numbers.tsx';
import { FaceImage, type OneFace, OneFacePicker } from '../one-face.tsx';
import { useSession } from '../session.tsx';
import { texts } from '../texts.ts';
import { Fault, Loading, useLoad } from '../ui.tsx';
import type { Verified } from '../wire.ts';
import { qualityInWords } from './identify.tsx';

export function Compare() {
  const { api } = useSession();
  const [files, setFiles] = useState<readonly [File | undefined, File | undefined]>([undefined, undefined]);
  const [first, setFirst] = useState<OneFace>();
  const [second, setSecond] = useState<OneFace>();
  const both = first && second ? ([first, second] as const) : undefined;
  const verified = useLoad<Verified | null>(
    async () => (both ? api.verify(both[0], both[1]) : null),
    both ? both.map(keyOf).join(' / ') : '',
  );
  return (
    <>
      <div className="head">
        <h1>{texts.compare.title}</h1>
        {(files[0] ?? files[1]) && (
          <Button className="button" onPress={() => setFiles([undefined, undefined])}>
            {texts.compare.again}
          </Button>
        )}
      </div>
      <p className="lead">{texts.compare.intro}</p>
      <div className="halves">
        <OneFacePicker
          title={texts.compare.first}
          choose={texts.compare.chooseFirst}
          file={files[0]}
          // Two that are dropped together are the two to compare
          onFiles={([photo, next]) => setFiles(([, other]) => [photo, other ?? next])}
          onFace={setFirst}
        />
        <OneFacePicker
          title={texts.compare.second}
          choose={texts.compare.chooseSecond}
          file={files[1]}
          onFiles={([photo, next]) => setFiles(([other]) => (other ? [other, photo] : [next && photo, next ?? photo]))}
          onFace={setSecond}
        />
      </div>
      <section className="card" aria-label={texts.compare.result} aria-live="polite">
        {!both && <p className="fine">{texts.compare.waiting}</p>}
        {both && verified.isLoading && <Loading />}
        {both && verified.error !== undefined && <Fault error={verified.error} retry={verified.reload} />}
        {both && verified.value && <Answer faces={both} verified={verified.value} />}
      </section>
    </>
  );
}

/** No two faces lie in one place of one photo. */
function keyOf({ file, box, url }: OneFace): string {
  return `${url} ${file.name} ${file.size} ${box.leftPx} ${box.topPx}`;
}

function Answer(props: { readonly faces: readonly [OneFace, OneFace]; readonly verified: Verified }) {
  const { faces, verified } = props;
  const { outcome, confidence, score, strangerRate, rule } = verified;
  const qualities = [verified.faces.photo.quality, verified.faces.other.quality] as const;
  const poor = qualities.find(({ level }) => level === 'low');
  const sides = [texts.compare.first, texts.compare.second] as const;
  return (
    <>
      <div className="pair">
        {faces.map(({ url }, i) => (
          <figure key={sides[i]} className="face-figure">
            <FaceImage url={url} alt="" />
            <figcaption>{sides[i]}</figcaption>
          </figure>
        ))}
      </div>
      <h2 className={`outcome outcome-${outcome}`}>{texts.compare[outcome]}</h2>
      <p>{texts.compare.closeness(oneIn(strangerRate))}</p>
      {poor && <p className="quality-low">{texts.face.poor(qualityInWords(poor))}</p>}
      <p className="fine">{texts.compare.risk(oneIn(rule.expectedFmr))}</p>
      <Numbers
        rows={[
          [texts.identify.score, score.toFixed(3)],
          [texts.identify.confidence, confidence.toFixed(2)],
          [texts.identify.threshold, rule.threshold.toFixed(3)],
          [texts.identify.reviewFrom, rule.reviewThreshold.toFixed(3)],
          [texts.compare.qualityFirst, qualityInWords(qualities[0])],
          [texts.compare.qualitySecond, qualityInWords(qualities[1])],
          [texts.identify.model, rule.model],
          [texts.identify.calibrated, rule.calibratedOn],
        ]}
      />
    </>
  );
}
