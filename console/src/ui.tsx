// The small parts every page is made of.
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { Button, type ButtonProps } from 'react-aria-components';
import { AnotherKey } from './another-key.tsx';
import { ApiError } from './api.ts';
import { describeError, mayHelp } from './describe-error.ts';
import { Panel } from './panel.tsx';
import { useSession } from './session.tsx';
import { texts } from './texts.ts';
import { usePicture } from './use-picture.ts';

export interface Loaded<T> {
  readonly value?: T;
  readonly error?: unknown;
  readonly isLoading: boolean;
  reload(): void;
}

/** Loads when it is first shown and whenever `about` changes; an answer that comes too late is dropped. */
export function useLoad<T>(load: () => Promise<T>, about: string): Loaded<T> {
  const [state, setState] = useState<{ about: string; round: number; value?: T; error?: unknown }>({ about, round: 0 });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let isWanted = true;
    latest.current().then(
      (value) => isWanted && setState({ about, round, value }),
      // What was there stays: what is typed or under way in it would be lost with it
      (error: unknown) =>
        isWanted &&
        setState((before) => ({
          about,
          round,
          error,
          ...(before.about === about && before.value !== undefined ? { value: before.value } : {}),
        })),
    );
    return () => {
      isWanted = false;
    };
  }, [about, round]);
  const isCurrent = state.about === about;
  return {
    ...(isCurrent && state.value !== undefined ? { value: state.value } : {}),
    ...(isCurrent && state.error !== undefined ? { error: state.error } : {}),
    isLoading: !isCurrent || (state.value === undefined && state.error === undefined),
    reload: useCallback(() => setRound((before) => before + 1), []),
  };
}

/** What went wrong, what to do, and where that helps a way to try again. */
export function Fault({ error, retry }: { readonly error: unknown; readonly retry?: () => unknown }) {
  // The error at hand when it was pressed: until there is another outcome, the press is under way
  const [retried, setRetried] = useState<unknown>();
  const isKeyGone = error instanceof ApiError && error.status === 401;
  return (
    <div className="note note-bad" role="alert">
      <p>
        <strong>{texts.errors.title}.</strong> <bdi>{describeError(error)}</bdi>
      </p>
      <div className="row">
        {isKeyGone && <AnotherKey />}
        {retry && mayHelp(error) && (
          <Button
            className="link"
            isPending={retried !== undefined && retried === error}
            onPress={() => {
              setRetried(error);
              retry();
            }}
          >
            {retried !== undefined && retried === error ? texts.loading : texts.retry}
          </Button>
        )}
      </div>
    </div>
  );
}

export function Loading() {
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" /> {texts.loading}
    </p>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** The kept picture of a face, or the person's initials where none is kept. */
export function FacePicture(props: {
  readonly galleryId: string;
  readonly personId: string;
  readonly faceId?: string;
  readonly name: string;
  readonly isKept: boolean;
  readonly afterMs?: number;
}) {
  const { galleryId, personId, faceId, name, isKept, afterMs = 0 } = props;
  const { api } = useSession();
  const url = usePicture(
    isKept && faceId ? `${galleryId}/${personId}/${faceId}` : undefined,
    async () => (faceId ? api.facePhoto(galleryId, personId, faceId) : undefined),
    afterMs,
  );
  if (url) return <img className="face" src={url} alt="" />;
  return (
    <span className="face face-initials" aria-hidden="true">
      {initials(name)}
    </span>
  );
}

const letters = new Intl.Segmenter();

/** What is read as one letter may be many characters: a family of emoji is seven. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const [first = '', last = ''] = words.length > 1 ? [words[0], words.at(-1)] : words;
  return [first, last]
    .map((word) => [...letters.segment(word)][0]?.segment ?? '')
    .join('')
    .toLocaleUpperCase();
}

/** A button that asks before it does. */
export function Confirmed(props: {
  readonly label: string;
  readonly title: string;
  readonly children: ReactNode;
  readonly confirm: string;
  readonly isDanger?: boolean;
  readonly act: () => Promise<void>;
}) {
  const [isOpen, setOpen] = useState(false);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const act = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await props.act();
      setOpen(false);
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button className={props.isDanger ? 'button button-danger' : 'button'} onPress={() => setOpen(true)}>
        {props.label}
      </Button>
      <Panel title={props.title} isOpen={isOpen} onOpenChange={setOpen}>
        {props.children}
        {error !== undefined && <Fault error={error} />}
        <div className="row row-end">
          <Button className="button" onPress={() => setOpen(false)}>
            {texts.cancel}
          </Button>
          <Action isDanger={props.isDanger ?? false} isPending={isBusy} onPress={act}>
            {props.confirm}
          </Action>
        </div>
      </Panel>
    </>
  );
}

export function Action({ isDanger = false, ...props }: ButtonProps & { readonly isDanger?: boolean }) {
  return <Button {...props} className={isDanger ? 'button button-danger-full' : 'button button-main'} />;
}

/** A button whose work takes a while, and isn't begun twice. */
export function Doing(props: {
  readonly children: ReactNode;
  readonly act: () => Promise<unknown>;
  readonly isSmall?: boolean;
}) {
  const [isBusy, setBusy] = useState(false);
  return (
    <Button
      className={props.isSmall ? 'button button-small' : 'button'}
      isPending={isBusy}
      onPress={() => {
        setBusy(true);
        void props.act().finally(() => setBusy(false));
      }}
    >
      {props.children}
    </Button>
  );
}

export function day(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

export function moment(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
