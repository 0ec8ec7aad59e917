// One face of one photo: the photo by drop or dialog, and where it shows several faces, which of them.
import { useEffect, useRef, useState } from 'react';
import { Button, Label, Radio, RadioGroup } from 'react-aria-components';
import { cropFaces } from './crop-faces.ts';
import { PhotoDrop } from './photo-drop.tsx';
import { useSession } from './session.tsx';
import { texts } from './texts.ts';
import { Fault, Loading } from './ui.tsx';
import type { Box, Quality } from './wire.ts';

export interface OneFace {
  readonly file: File;
  readonly box: Box;
  readonly quality: Quality;
  /** Of the face, cut out. */
  readonly url: string;
  /** Where the service was asked to keep it for a while. */
  readonly probeId?: string;
}

interface Looked {
  readonly faces?: readonly OneFace[];
  readonly error?: unknown;
  readonly retry: () => void;
}

function useFacesOf(file: File | undefined, keepForS: number | undefined): Looked {
  const { api } = useSession();
  const [state, setState] = useState<Omit<Looked, 'retry'>>({});
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round is another try
  useEffect(() => {
    setState({});
    if (!file) return;
    const gone = new AbortController();
    let urls: readonly string[] = [];
    const look = async (): Promise<void> => {
      const detected = await api.detect(file, keepForS, gone.signal);
      urls = await cropFaces(file, detected);
      if (gone.signal.aborted) return forget();
      setState({ faces: detected.faces.map((face, i) => ({ ...face, file, url: urls[i] ?? '' })) });
    };
    const forget = (): void => {
      for (const url of urls) URL.revokeObjectURL(url);
    };
    look().catch((error: unknown) => gone.signal.aborted || setState({ error }));
    return () => {
      gone.abort();
      forget();
    };
  }, [api, file, keepForS, round]);
  return { ...state, retry: () => setRound((before) => before + 1) };
}

/** Says by `onFace` which face it is, the largest until another is chosen. */
export function OneFacePicker(props: {
  readonly title: string;
  readonly choose: string;
  readonly file: File | undefined;
  readonly keepForS?: number;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onFace: (face: OneFace | undefined) => void;
}) {
  const { title, choose, file, keepForS, onFiles, onFace } = props;
  const { faces, error, retry } = useFacesOf(file, keepForS);
  const [choice, setChoice] = useState<{ readonly among: Looked['faces']; readonly index: number }>();
  const chosen = choice && choice.among === faces ? choice.index : 0;
  const say = useRef(onFace);
  say.current = onFace;
  useEffect(() => say.current(faces?.[chosen]), [faces, chosen]);
  const [only] = faces ?? [];
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {!file && (
        <PhotoDrop
          label={texts.face.drop}
          choose={choose}
          onPick={(photos) => photos.length > 0 && onFiles(photos.map((photo) => photo.file))}
        />
      )}
      {file && (
        <p className="file-name">
          <bdi>{file.name}</bdi>
        </p>
      )}
      {file && !faces && error === undefined && <Loading />}
      {error !== undefined && <Fault error={error} retry={retry} />}
      {faces?.length === 0 && (
        <p className="note note-bad" role="alert">
          {texts.face.none}
        </p>
      )}
      {faces?.length === 1 && only && <FaceImage url={only.url} alt={texts.face.alt} />}
      {faces && faces.length > 1 && (
        <FaceChoice faces={faces} chosen={chosen} choose={(index) => setChoice({ among: faces, index })} />
      )}
      {file && (
        <Button className="button" onPress={() => onFiles([])}>
          {texts.face.another}
        </Button>
      )}
    </section>
  );
}

function FaceChoice(props: {
  readonly faces: readonly OneFace[];
  readonly chosen: number;
  readonly choose: (index: number) => void;
}) {
  const { faces, chosen, choose } = props;
  return (
    <RadioGroup className="field" value={String(chosen)} onChange={(value) => choose(Number(value))}>
      <Label>{texts.face.which}</Label>
      <div className="tiles">
        {faces.map(({ url, box }, i) => (
          <Radio
            key={`${box.leftPx} ${box.topPx}`}
            value={String(i)}
            className="tile"
            aria-label={texts.face.nth(i + 1, faces.length)}
          >
            <FaceImage url={url} alt="" />
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}

/** Empty where the browser could not read the photo. */
export function FaceImage({ url, alt }: { readonly url: string; readonly alt: string }) {
  if (url === '') return <span className="face face-initials" aria-hidden="true" />;
  return <img className="face" src={url} alt={alt} />;
}
