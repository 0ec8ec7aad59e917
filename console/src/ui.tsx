// The small parts every page is made of.
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import {
  Button,
  type ButtonProps,
  Dialog,
  Disclosure,
  DisclosurePanel,
  Heading,
  Modal,
  ModalOverlay,
} from 'react-aria-components';
import { ApiError } from './api.ts';
import { useSession } from './session.tsx';
import { texts } from './texts.ts';

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
      (error: unknown) => isWanted && setState({ about, round, error }),
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

export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.code === 'network') return texts.errors.network;
  if (error.status === 401) return texts.errors.unauthenticated;
  if (error.code === 'forbidden') return texts.errors.forbidden;
  if (error.code === 'busy') return texts.errors.busy;
  return error.message;
}

export function Fault({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  return (
    <div className="note note-bad" role="alert">
      <strong>{texts.errors.title}.</strong> {describeError(error)}{' '}
      {retry && (
        <Button className="link" onPress={retry}>
          {texts.retry}
        </Button>
      )}
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

/** Pairs of a word and a number, shown when asked for. */
export function Numbers({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <Disclosure className="numbers">
      <Heading level={3}>
        <Button slot="trigger" className="link">
          {texts.identify.numbers}
        </Button>
      </Heading>
      <DisclosurePanel>
        <dl className="facts">
          {rows.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </DisclosurePanel>
    </Disclosure>
  );
}

/**
 * Of a picture that only the key can fetch, for as long as it is shown; undefined while there is none. It is asked for
 * once it was shown for `afterMs`.
 */
export function usePicture(
  about: string | undefined,
  load: () => Promise<Blob | undefined>,
  afterMs = 0,
): string | undefined {
  const [url, setUrl] = useState<string>();
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    setUrl(undefined);
    if (about === undefined) return;
    let made: string | undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      latest.current().then(
        (blob) => {
          if (!isWanted || !blob) return;
          made = URL.createObjectURL(blob);
          setUrl(made);
        },
        () => undefined,
      );
    }, afterMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
      if (made) URL.revokeObjectURL(made);
    };
  }, [about, afterMs]);
  return url;
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

function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toLocaleUpperCase();
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

export function Panel(props: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <ModalOverlay className="overlay" isOpen={props.isOpen} onOpenChange={props.onOpenChange} isDismissable>
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title" className="dialog-title">
            {props.title}
          </Heading>
          {props.children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export function day(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

export function moment(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** 0..1 → "1 in 12,000", to two digits. */
export function oneIn(share: number): string {
  if (share >= 0.5) return 'more than 1 in 2';
  if (share < 1e-6) return 'fewer than 1 in 1,000,000';
  return `1 in ${Number((1 / share).toPrecision(2)).toLocaleString('en')}`;
}
