import { useEffect, useState } from 'react';
import { Input, Label, ListBox, ListBoxItem, SearchField } from 'react-aria-components';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { FacePicture, Fault, Loading } from './ui.tsx';
import type { Person } from './wire.ts';

const SHOWN = 8;

/** Somebody of the gallery, by a part of their name. */
export function PersonPicker(props: {
  readonly label: string;
  readonly except: string;
  readonly onPick: (person: Person) => void;
}) {
  const { api, gallery } = useGallery();
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly Person[]>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  const { label, except, onPick } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each round asks anew
  useEffect(() => {
    let isWanted = true;
    setError(undefined);
    const timer = setTimeout(() => {
      api.people(gallery.galleryId, { containing: text, limit: SHOWN + 1 }).then(
        ({ people }) => isWanted && setFound(people.filter(({ personId }) => personId !== except).slice(0, SHOWN)),
        (reason: unknown) => {
          if (!isWanted) return;
          setError(reason);
          // Whom it found before is no answer to what is typed now
          setFound(undefined);
        },
      );
    }, 150);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [api, gallery.galleryId, text, except, round]);
  return (
    <div className="picker">
      <SearchField className="field" value={text} onChange={setText} autoFocus>
        <Label>{label}</Label>
        <Input placeholder={texts.peopleList.search} />
      </SearchField>
      {error !== undefined && <Fault error={error} retry={() => setRound(round + 1)} />}
      {!found && error === undefined && <Loading />}
      {found?.length === 0 && (
        <p role="status">{text === '' ? texts.peopleList.nobodyElse : texts.peopleList.nobody(text)}</p>
      )}
      <ListBox
        className="list-box"
        aria-label={label}
        selectionMode="single"
        items={(found ?? []).map((person) => ({ ...person, id: person.personId }))}
        onSelectionChange={(keys) => {
          const person = found?.find(({ personId }) => keys !== 'all' && keys.has(personId));
          if (person) onPick(person);
        }}
      >
        {(person) => (
          <ListBoxItem className="list-item picked" textValue={person.name}>
            <FacePicture
              galleryId={gallery.galleryId}
              personId={person.personId}
              name={person.name}
              isKept={gallery.keepPhotos && person.faceIds.length > 0}
              {...(person.faceIds[0] ? { faceId: person.faceIds[0] } : {})}
            />
            <bdi>{person.name}</bdi>
          </ListBoxItem>
        )}
      </ListBox>
    </div>
  );
}
