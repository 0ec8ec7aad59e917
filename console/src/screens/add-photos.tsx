import { useEffect, useRef, useState } from 'react';
import { Button, Input, Label, ProgressBar, TextField } from 'react-aria-components';
import { type AddedSoFar, enrolMany, type PhotoToAdd, photoToAdd } from '../enrol-many.ts';
import { PhotoDrop, type PickedPhoto } from '../photo-drop.tsx';
import { Refusals } from '../refusals.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Fault } from '../ui.tsx';

export function AddPhotos() {
  const { api, gallery, refresh } = useGallery();
  const [loose, setLoose] = useState<readonly File[]>([]);
  const [state, setState] = useState<AddedSoFar>();
  const [isRunning, setRunning] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const queue = useRef<PhotoToAdd[]>([]);
  const isPaused = useRef(false);
  const [isStopping, setStopping] = useState(false);
  // Whoever leaves and drops the folder again would else run two at once, and make each person twice
  useEffect(
    () => () => {
      isPaused.current = true;
    },
    [],
  );

  const run = async (): Promise<void> => {
    isPaused.current = false;
    setRunning(true);
    setFault(undefined);
    try {
      await enrolMany(api, gallery.galleryId, {
        queue: queue.current,
        isPaused: () => isPaused.current,
        onAdded: () => setState((before) => before && { ...before, added: before.added + 1 }),
        onRefused: (photo, error) =>
          setState((before) => before && { ...before, refused: [...before.refused, { photo, error }] }),
      });
    } catch (error) {
      isPaused.current = true;
      setFault(error);
    }
    setRunning(false);
    setStopping(false);
    await refresh().catch(setFault);
  };

  const start = (photos: readonly PhotoToAdd[]): void => {
    if (photos.length === 0) return;
    queue.current.push(...photos);
    setState((before) => ({
      total: (before?.total ?? 0) + photos.length,
      added: before?.added ?? 0,
      refused: before?.refused ?? [],
      startedMs: before?.startedMs ?? Date.now(),
    }));
    if (!isRunning) void run();
  };

  const pick = (picked: readonly PickedPhoto[]): void => {
    // A person's folder is the one the photo lies in
    const named = picked.flatMap(({ file, folders }) => {
      const personName = folders.at(-1)?.trim().normalize('NFC');
      return personName ? [photoToAdd(file, personName)] : [];
    });
    const nameless = picked.filter(({ folders }) => folders.length === 0).map(({ file }) => file);
    setLoose((before) => [...before, ...nameless]);
    start(named);
  };

  return (
    <>
      <h1>{texts.add.title}</h1>
      <p className="lead">{texts.add.intro}</p>
      <PhotoDrop
        label={texts.add.drop}
        choose={texts.add.photos}
        chooseFolder={texts.add.folder}
        camera="one"
        onPick={pick}
      />
      {loose.length > 0 && (
        <WhoseAreThey
          count={loose.length}
          say={(personName) => {
            start(loose.map((file) => photoToAdd(file, personName)));
            setLoose([]);
          }}
        />
      )}
      {state && (
        <Progress
          state={state}
          isRunning={isRunning}
          isStopping={isStopping}
          pause={() => {
            isPaused.current = true;
            setStopping(true);
          }}
          goOn={() => void run()}
          hasMore={queue.current.length > 0}
          isFaulty={fault !== undefined}
        />
      )}
      {fault !== undefined && <Fault error={fault} retry={run} />}
      {state && state.refused.length > 0 && (
        <section className="card">
          <h2>{texts.add.refusals}</h2>
          <Refusals
            refused={state.refused.map(({ photo: { id, file, personName }, error }) => ({
              id,
              name: `${personName} / ${file.name}`,
              error,
            }))}
          />
        </section>
      )}
      <p className="fine">{texts.add.resume}</p>
    </>
  );
}

function WhoseAreThey({ count, say }: { readonly count: number; readonly say: (name: string) => void }) {
  const [name, setName] = useState('');
  return (
    <form
      className="card row"
      onSubmit={(event) => {
        event.preventDefault();
        say(name.trim().normalize('NFC'));
      }}
    >
      <TextField className="field grow" value={name} onChange={setName} maxLength={128} isRequired autoFocus>
        <Label>
          {texts.add.whose} ({texts.photos(count)})
        </Label>
        <Input dir="auto" autoComplete="off" />
      </TextField>
      <Action type="submit" isDisabled={name.trim() === ''}>
        {texts.add.start}
      </Action>
    </form>
  );
}

function Progress(props: {
  readonly state: AddedSoFar;
  readonly isRunning: boolean;
  readonly hasMore: boolean;
  /** Then the way on stands beside what went wrong. */
  readonly isFaulty: boolean;
  /** Until the photos that are under way have come through. */
  readonly isStopping: boolean;
  readonly pause: () => void;
  readonly goOn: () => void;
}) {
  const { total, added, refused, startedMs } = props.state;
  const done = added + refused.length;
  const perSecond = done / Math.max(1, (Date.now() - startedMs) / 1000);
  const leftS = Math.ceil((total - done) / Math.max(0.01, perSecond));
  return (
    <section className="card">
      <ProgressBar className="progress" value={done} maxValue={total} aria-label={texts.add.title}>
        {({ percentage }) => (
          <>
            <span className="row">
              <strong>{texts.add.progress(done, total)}</strong>
              {props.isRunning && done > 2 && (
                <span className="fine">{texts.add.rate(perSecond, duration(leftS))}</span>
              )}
            </span>
            <progress className="track" value={percentage ?? 0} max={100} aria-hidden="true" />
          </>
        )}
      </ProgressBar>
      <p aria-live="polite">
        {added.toLocaleString('en')} {texts.add.added}, {refused.length.toLocaleString('en')} {texts.add.refused}
      </p>
      {props.isRunning ? (
        <Button className="button" isPending={props.isStopping} onPress={props.pause}>
          {props.isStopping ? texts.add.stopping : texts.add.stop}
        </Button>
      ) : (
        props.hasMore && !props.isFaulty && <Action onPress={props.goOn}>{texts.add.go}</Action>
      )}
    </section>
  );
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
