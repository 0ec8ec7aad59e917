import { useCallback, useEffect, useRef, useState } from 'react';
import {
  Form,
  GridLayout,
  GridList,
  GridListItem,
  Input,
  Label,
  SearchField,
  Size,
  TextField,
  Virtualizer,
} from 'react-aria-components';
import type { Person } from '../api.ts';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Empty, FacePicture, Fault, Loading, Panel } from '../ui.tsx';

const PAGE = 200;
const TYPING_MS = 200;
/** Below this many left to scroll to, the next page is fetched. */
const AHEAD = 60;

export function People() {
  const { api, gallery, refresh } = useGallery();
  const [text, setText] = useState('');
  const { people, error, isLoading, loadMore, isComplete } = usePeople(text);
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <div className="head">
        <h1>{texts.peopleList.title}</h1>
        <p className="count">{texts.people(gallery.people)}</p>
      </div>
      <div className="row">
        <SearchField className="field grow" value={text} onChange={setText} aria-label={texts.peopleList.search}>
          <Input placeholder={texts.peopleList.search} />
        </SearchField>
        <Action onPress={() => setAdding(true)}>{texts.peopleList.add}</Action>
      </div>
      <Panel title={texts.peopleList.add} isOpen={isAdding} onOpenChange={setAdding}>
        <AddPerson
          add={async (name) => {
            const { personId } = await api.addPerson(gallery.galleryId, name);
            await refresh();
            window.location.hash = `people/${personId}`;
          }}
        />
      </Panel>
      {error !== undefined && <Fault error={error} />}
      {people.length === 0 && isLoading && <Loading />}
      {people.length === 0 && !isLoading && error === undefined && (
        <Empty title={text === '' ? texts.peopleList.empty : texts.peopleList.nobody(text)}>
          {text === '' && (
            <p>
              {texts.peopleList.emptyHelp} <a href="#add">{texts.nav.add}</a>
            </p>
          )}
        </Empty>
      )}
      {people.length > 0 && <PeopleGrid people={people} onNearEnd={isComplete ? undefined : loadMore} />}
    </>
  );
}

/** Made once a person: the list keeps what it made of an object for as long as it gets the same one. */
interface Tile extends Person {
  readonly id: string;
}

const LAYOUT = { minItemSize: new Size(132, 172), maxItemSize: new Size(190, 172), minSpace: new Size(12, 12) };

function PeopleGrid(props: { readonly people: readonly Tile[]; readonly onNearEnd: (() => void) | undefined }) {
  const { people, onNearEnd } = props;
  const { gallery } = useGallery();
  const frame = useRef<HTMLDivElement>(null);
  const onScroll = useCallback((): void => {
    const grid = frame.current;
    if (!grid || !onNearEnd) return;
    const rows = Math.ceil(AHEAD / Math.max(1, Math.floor(grid.clientWidth / 150)));
    if (grid.scrollHeight - grid.scrollTop - grid.clientHeight < rows * 184) onNearEnd();
  }, [onNearEnd]);
  return (
    <Virtualizer layout={GridLayout} layoutOptions={LAYOUT}>
      <GridList
        ref={frame}
        className="people-grid"
        layout="grid"
        aria-label={texts.peopleList.title}
        items={people}
        onAction={(personId) => {
          window.location.hash = `people/${personId}`;
        }}
        onScroll={onScroll}
      >
        {(person) => (
          <GridListItem className="person-tile" textValue={person.name}>
            <FacePicture
              galleryId={gallery.galleryId}
              personId={person.personId}
              name={person.name}
              isKept={gallery.keepPhotos && person.faceIds.length > 0}
              {...(person.faceIds[0] ? { faceId: person.faceIds[0] } : {})}
            />
            <bdi className="person-name">{person.name}</bdi>
            <span className="fine">{texts.photos(person.faceIds.length)}</span>
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}

function usePeople(text: string) {
  const { api, gallery } = useGallery();
  const [state, setState] = useState<{
    readonly people: readonly Tile[];
    readonly next?: string;
    readonly error?: unknown;
    readonly isLoading: boolean;
  }>({ people: [], isLoading: true });
  const about = useRef(0);
  const isFetching = useRef(false);

  const fetchPage = useCallback(
    async (round: number, after?: string): Promise<void> => {
      isFetching.current = true;
      const wanted = { limit: PAGE, ...(text === '' ? {} : { containing: text }), ...(after ? { after } : {}) };
      try {
        const page = await api.people(gallery.galleryId, wanted);
        if (about.current !== round) return;
        const tiles = page.people.map((person) => ({ ...person, id: person.personId }));
        setState((before) => ({
          people: after ? [...before.people, ...tiles] : tiles,
          ...(page.next ? { next: page.next } : {}),
          isLoading: false,
        }));
      } catch (error) {
        if (about.current === round) setState((before) => ({ ...before, error, isLoading: false }));
      } finally {
        isFetching.current = false;
      }
    },
    [api, gallery.galleryId, text],
  );
  useEffect(() => {
    const round = ++about.current;
    const timer = setTimeout(() => void fetchPage(round), text === '' ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [fetchPage, text]);
  const loadMore = useCallback((): void => {
    if (state.next && !isFetching.current) void fetchPage(about.current, state.next);
  }, [fetchPage, state.next]);
  return { ...state, loadMore, isComplete: state.next === undefined };
}

export function AddPerson({ add }: { readonly add: (name: string) => Promise<void> }) {
  const [name, setName] = useState('');
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  return (
    <Form
      onSubmit={async (event) => {
        event.preventDefault();
        setPending(true);
        setError(undefined);
        await add(name.trim().normalize('NFC')).catch(setError);
        setPending(false);
      }}
    >
      <TextField className="field" value={name} onChange={setName} maxLength={128} isRequired autoFocus>
        <Label>{texts.peopleList.name}</Label>
        <Input autoComplete="off" dir="auto" />
      </TextField>
      {error !== undefined && <Fault error={error} />}
      <div className="row row-end">
        <Action type="submit" isPending={isPending} isDisabled={name.trim() === ''}>
          {texts.peopleList.add}
        </Action>
      </div>
    </Form>
  );
}
