// A picture from the camera, with what would make it better while it can still be made so.
import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useCamera } from './camera-stream.ts';
import { placeOver } from './place-over.ts';
import { useSession } from './session.tsx';
import { texts } from './texts.ts';
import { Action, Fault } from './ui.tsx';
import type { Box, Detected } from './wire.ts';

/** From the start of one look to the next; a look that takes longer is waited for. */
const LOOK_EVERY_MS = 500;
const AFTER_FAULT_MS = 2000;
const JPEG_QUALITY = 0.9;
/** The service refuses smaller files, which no camera makes but one that shows nothing. */
const MIN_BYTES = 1024;
/** Of 255: below it a face that is well lit otherwise is not found. */
const DARK = 30;

interface Look extends Detected {
  readonly fault?: unknown;
  /** So dark that a face in it may not be seen at all. */
  readonly isDark?: boolean;
}

export function Camera(props: {
  /** The picture is to show one person: where it shows several, one is chosen and the others are painted over. */
  readonly isOfOne: boolean;
  readonly onTake: (photo: File) => void;
  readonly onClose: () => void;
}) {
  const { isOfOne, onTake, onClose } = props;
  const { api } = useSession();
  const camera = useCamera();
  const { video, isLive, fault } = camera;
  const look = useLooks(isLive ? video : null, (frame, signal) => api.detect(frame, undefined, signal));
  const [chosen, setChosen] = useState<Box>();
  const [isTaking, setTaking] = useState(false);
  const [error, setError] = useState<unknown>();
  const faces = look?.faces ?? [];
  const meant = isOfOne ? faces[nearest(faces, chosen)] : undefined;
  const mustChoose = isOfOne && faces.length > 1 && chosen === undefined;

  const take = async (): Promise<void> => {
    if (!video) return;
    setTaking(true);
    setError(undefined);
    try {
      const canvas = canvasOf(video);
      if (isOfOne) await paintOthersOver(canvas, (frame) => api.detect(frame), meant?.box);
      const photo = await jpegOf(canvas);
      onTake(new File([photo], texts.camera.fileName(new Date()), { type: photo.type }));
    } catch (reason) {
      setError(reason);
    }
    setTaking(false);
  };

  return (
    <section className="card camera" aria-label={texts.camera.title}>
      {fault !== undefined && (
        <div className="note note-bad" role="alert">
          <p>{texts.camera.faults[fault]}</p>
          <Button className="link" onPress={camera.retry}>
            {texts.retry}
          </Button>
        </div>
      )}
      <figure className={fault === undefined ? 'photo' : 'photo camera-off'}>
        <video ref={camera.attach} muted playsInline aria-label={texts.camera.live} />
        {faces.map((face, i) => (
          <FaceOutline
            // biome-ignore lint/suspicious/noArrayIndexKey: a face that moves is the same face
            key={i}
            no={i + 1}
            box={face.box}
            of={look as Detected}
            isMeant={face === meant && !mustChoose}
            {...(isOfOne && faces.length > 1 ? { choose: () => setChosen(face.box) } : {})}
          />
        ))}
      </figure>
      {fault === undefined && (
        <p className="camera-hint" role="status">
          {hintFor({ isLive, look, isOfOne, mustChoose, meant })}
        </p>
      )}
      {error !== undefined && <Fault error={error} />}
      <div className="row">
        <Action isPending={isTaking} isDisabled={!isLive || mustChoose} onPress={take}>
          {texts.camera.take}
        </Action>
        {camera.cameras > 1 && (
          <Button className="button" onPress={camera.nextCamera}>
            {texts.camera.next}
          </Button>
        )}
        <Button className="button" onPress={onClose}>
          {texts.camera.close}
        </Button>
      </div>
    </section>
  );
}

/** Looks at a frame about twice a second, and never at two at once. */
function useLooks(
  video: HTMLVideoElement | null,
  detect: (frame: Blob, signal: AbortSignal) => Promise<Detected>,
): Look | undefined {
  const [look, setLook] = useState<Look>();
  const latest = useRef(detect);
  latest.current = detect;
  useEffect(() => {
    setLook(undefined);
    if (!video) return;
    const leaving = new AbortController();
    let timer: number | undefined;
    const again = async (): Promise<void> => {
      const startMs = performance.now();
      let waitMs = LOOK_EVERY_MS;
      try {
        const canvas = canvasOf(video);
        const isDark = brightnessOf(canvas) < DARK;
        const frame = await jpegOf(canvas);
        const seen = frame.size < MIN_BYTES ? NOTHING : await latest.current(frame, leaving.signal);
        if (!leaving.signal.aborted) setLook({ ...seen, isDark });
      } catch (fault) {
        waitMs = AFTER_FAULT_MS;
        if (!leaving.signal.aborted) setLook({ ...NOTHING, fault });
      }
      if (leaving.signal.aborted) return;
      timer = window.setTimeout(again, Math.max(0, startMs + waitMs - performance.now()));
    };
    void again();
    return () => {
      leaving.abort();
      window.clearTimeout(timer);
    };
  }, [video]);
  return look;
}

const NOTHING: Detected = { widthPx: 1, heightPx: 1, faces: [] };

function hintFor(of: {
  readonly isLive: boolean;
  readonly look: Look | undefined;
  readonly isOfOne: boolean;
  readonly mustChoose: boolean;
  readonly meant: Detected['faces'][number] | undefined;
}): string {
  const { isLive, look, isOfOne, mustChoose, meant } = of;
  const words = texts.camera;
  if (!isLive || !look) return words.starting;
  if (look.fault !== undefined) return words.noHints;
  if (look.faces.length === 0) return (look.isDark && words.hints['too-dark']) || words.nobody;
  if (mustChoose) return words.which(look.faces.length);
  // Of several people the worst is told
  const reasons = isOfOne ? meant?.quality.reasons : look.faces.flatMap(({ quality }) => quality.reasons);
  const reason = Object.keys(words.hints).find((known) => reasons?.includes(known));
  return (reason === undefined ? undefined : words.hints[reason]) ?? words.good;
}

function FaceOutline(props: {
  readonly no: number;
  readonly box: Box;
  readonly of: Detected;
  readonly isMeant: boolean;
  readonly choose?: () => void;
}) {
  const { no, box, of, isMeant, choose } = props;
  const put = (element: HTMLElement | null): void => placeOver(element, box, of);
  const tone = isMeant ? 'box-match' : 'box-review';
  if (!choose) return <span ref={put} className={`box ${tone}`} />;
  return (
    <Button ref={put} className={`box box-choice ${tone}`} aria-label={texts.camera.thisOne(no)} onPress={choose}>
      <span className="box-label">{no}</span>
    </Button>
  );
}

/** Which of the faces is where the chosen one was; the largest when none was chosen. */
function nearest(faces: Detected['faces'], chosen: Box | undefined): number {
  if (!chosen) return 0;
  const distances = faces.map(({ box }) => Math.hypot(middleX(box) - middleX(chosen), middleY(box) - middleY(chosen)));
  return distances.indexOf(Math.min(...distances));
}

const middleX = ({ leftPx, widthPx }: Box): number => leftPx + widthPx / 2;
const middleY = ({ topPx, heightPx }: Box): number => topPx + heightPx / 2;

/** Whoever stands beside the person who is meant goes into no gallery. */
async function paintOthersOver(
  canvas: HTMLCanvasElement,
  detect: (frame: Blob) => Promise<Detected>,
  meant: Box | undefined,
): Promise<void> {
  const { faces } = await detect(await jpegOf(canvas));
  if (faces.length < 2) return;
  const keep = faces[nearest(faces, meant)]?.box;
  const context = canvas.getContext('2d');
  if (!keep || !context) return;
  context.fillStyle = '#808080';
  const kept = context.getImageData(keep.leftPx, keep.topPx, Math.max(1, keep.widthPx), Math.max(1, keep.heightPx));
  for (const { box } of faces) {
    if (box === keep) continue;
    const margin = box.widthPx * 0.2;
    context.fillRect(box.leftPx - margin, box.topPx - margin, box.widthPx + 2 * margin, box.heightPx + 2 * margin);
  }
  context.putImageData(kept, keep.leftPx, keep.topPx);
}

function canvasOf(video: HTMLVideoElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, video.videoWidth);
  canvas.height = Math.max(1, video.videoHeight);
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return canvas;
}

/** 0 black … 255 white, on average. */
function brightnessOf(canvas: HTMLCanvasElement): number {
  const small = document.createElement('canvas');
  small.width = 16;
  small.height = 16;
  const context = small.getContext('2d');
  context?.drawImage(canvas, 0, 0, 16, 16);
  const { data } = context?.getImageData(0, 0, 16, 16) ?? { data: [] };
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += ((data[i] ?? 0) + (data[i + 1] ?? 0) + (data[i + 2] ?? 0)) / 3;
  return sum / Math.max(1, data.length / 4);
}

function jpegOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error(texts.camera.noPicture))),
      'image/jpeg',
      JPEG_QUALITY,
    );
  });
}
