import { useCallback, useEffect, useState } from 'react';
import { Form, Input, Label, SearchField, TextField } from 'react-aria-components';
import { Panel } from '../panel.tsx';
import { PeopleGrid } from '../people-grid.tsx';
import { openPeopleWindow, type PeopleWindow } from '../people-window.ts';
import { type PeopleAbout, useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Empty, Fault, Loading } from '../ui.tsx';

const TYPING_MS = 200;
const EVERYBODY: PeopleAbout = { text: '', order: 'name' };

export function People() {
  const { api, gallery, refresh, peoplePlace } = useGallery();
  const { galleryId } = gallery;
  const left = peoplePlace.current?.galleryId === galleryId ? peoplePlace.current : undefined;
  const [wanted, setWanted] = useState<PeopleAbout>(left?.about ?? EVERYBODY);
  const shown = usePeople(wanted);
  const [isAdding, setAdding] = useState(false);
  const about = shown?.about ?? wanted;
  const onLook = useCallback(
    (first: number): void => {
      peoplePlace.current = { galleryId, about, first };
    },
    [peoplePlace, galleryId, about],
  );
  const { total, error } = shown?.people ?? {};
  return (
    <>
      <div className="head">
        <h1>{texts.peopleList.title}</h1>
        <p className="count" role="status">
          {about.text === ''
            ? texts.people(total ?? gallery.people)
            : total !== undefined && texts.peopleList.found(total)}
        </p>
      </div>
      <div className="row">
        <SearchField
          className="field grow"
          value={wanted.text}
          onChange={(text) => setWanted({ ...wanted, text })}
          aria-label={texts.peopleList.search}
        >
          <Input placeholder={texts.peopleList.search} maxLength={128} />
        </SearchField>
        <label className="field order">
          <span>{texts.peopleList.order}</span>
          <select
            value={wanted.order}
            onChange={({ target }) => setWanted({ ...wanted, order: target.value === 'newest' ? 'newest' : 'name' })}
          >
            <option value="name">{texts.peopleList.byName}</option>
            <option value="newest">{texts.peopleList.newest}</option>
          </select>
        </label>
        <Action onPress={() => setAdding(true)}>{texts.peopleList.add}</Action>
      </div>
      <Panel title={texts.peopleList.add} isOpen={isAdding} onOpenChange={setAdding}>
        <AddPerson
          add={async (name) => {
            const { personId } = await api.addPerson(galleryId, name);
            await refresh();
            window.location.hash = `people/${personId}`;
          }}
        />
      </Panel>
      {error !== undefined && <Fault error={error} retry={() => shown?.people.retry()} />}
      {total === undefined && error === undefined && <Loading />}
      {total === 0 && (
        <Empty title={about.text === '' ? texts.peopleList.empty : texts.peopleList.nobody(about.text)}>
          {about.text === '' && (
            <p>
              {texts.peopleList.emptyHelp} <a href="#add">{texts.nav.add}</a>
            </p>
          )}
        </Empty>
      )}
      {shown && total !== undefined && total > 0 && (
        <PeopleGrid
          key={`${about.order} ${about.text}`}
          people={shown.people}
          total={total}
          from={left?.about.text === about.text && left.about.order === about.order ? left.first : 0}
          onLook={onLook}
        />
      )}
    </>
  );
}

interface Shown {
  readonly people: PeopleWindow;
  readonly about: PeopleAbout;
}

/** Shows what was there until the first page of what is asked for now has come. */
function usePeople({ text, order }: PeopleAbout): Shown | undefined {
  const { api, gallery } = useGallery();
  const { galleryId } = gallery;
  const [shown, setShown] = useState<Shown>();
  useEffect(() => {
    const about = { text, order };
    const containing = text === '' ? {} : { containing: text };
    const people = openPeopleWindow(
      (page, signal) => api.people(galleryId, { ...page, ...containing, order }, signal),
      () => setShown({ people, about }),
    );
    const timer = setTimeout(() => people.look(0, 0), text === '' ? 0 : TYPING_MS);
    return () => {
      clearTimeout(timer);
      people.close();
    };
  }, [api, galleryId, text, order]);
  return shown;
}

export function AddPerson({ add }: { readonly add: (name: string) => Promise<void> }) {
  const [name, setName] = useState('');
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  return (
    <Form
      onSubmit={async (event) => {
        event.preventDefault();
        if (isPending) return;
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
