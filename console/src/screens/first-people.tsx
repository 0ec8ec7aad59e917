// The first people of a new gallery, one after the other.
import { useRef, useState } from 'react';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import { type ConsentDraft, ConsentFields, isComplete, NO_CONSENT, toConsent } from '../consent-form.tsx';
import { isOutage } from '../describe-error.ts';
import { findOrMake } from '../enrol-many.ts';
import { PhotoDrop, type PickedPhoto } from '../photo-drop.tsx';
import { type Refusal, Refusals } from '../refusals.tsx';
import { useSession } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Fault } from '../ui.tsx';
import type { Gallery } from '../wire.ts';

const ENOUGH_PEOPLE = 2;

export function AddSomebody(props: {
  readonly gallery: Gallery;
  readonly people: readonly string[];
  readonly done: (name: string) => void;
  readonly goOn: () => Promise<void>;
}) {
  const { gallery, people, done, goOn } = props;
  const { galleryId } = gallery;
  const { api } = useSession();
  const [name, setName] = useState('');
  const [photos, setPhotos] = useState<readonly PickedPhoto[]>([]);
  const [consent, setConsent] = useState<ConsentDraft>(NO_CONSENT);
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [fault, setFault] = useState<unknown>();
  const [pending, setPending] = useState<'add' | 'next'>();
  // Whoever was made here and has no photo yet; nobody else is erased for a photo that is refused
  const faceless = useRef(new Set<string>());
  const asksConsent = gallery.consentPolicy === 'required';
  const isReady = name.trim() !== '' && photos.length > 0 && (!asksConsent || isComplete(consent));
  const words = texts.firstRun.person;

  /** What was refused. Whoever was made before an outage is gone on with. */
  const enrolAll = async (): Promise<readonly Refusal[]> => {
    const given = asksConsent ? await toConsent(consent) : undefined;
    const { personId, isNew } = await findOrMake(api, galleryId, name.trim().normalize('NFC'), given);
    if (isNew) faceless.current.add(personId);
    const faults: Refusal[] = [];
    for (const [id, { file }] of photos.entries()) {
      try {
        await api.enrol(galleryId, personId, file);
        faceless.current.delete(personId);
      } catch (error) {
        if (isOutage(error)) throw error;
        faults.push({ id, name: file.name, error });
      }
    }
    if (faceless.current.delete(personId)) await api.erasePerson(galleryId, personId);
    return faults;
  };

  const attempt = async (what: 'add' | 'next', work: () => Promise<void>): Promise<void> => {
    setPending(what);
    setFault(undefined);
    await work().catch(setFault);
    setPending(undefined);
  };

  const add = (): Promise<void> =>
    attempt('add', async () => {
      const faults = await enrolAll();
      setRefused(faults);
      setPhotos([]);
      if (faults.length === photos.length) return;
      done(name.trim());
      setName('');
      setConsent(NO_CONSENT);
    });

  return (
    <Form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !pending) void add();
      }}
    >
      <p>{words.intro}</p>
      {people.length > 0 && (
        <p className="chips">
          {people.map((person) => (
            <span key={person} className="chip">
              <bdi>{person}</bdi>
            </span>
          ))}
        </p>
      )}
      <TextField className="field" value={name} onChange={setName} maxLength={128} autoFocus>
        <Label>{words.name}</Label>
        <Input dir="auto" autoComplete="off" />
      </TextField>
      <PhotoDrop
        label={texts.identify.drop}
        choose={words.choose}
        onPick={(picked) => setPhotos((before) => [...before, ...picked])}
      />
      <Picked photos={photos} leaveOut={(photo) => setPhotos((before) => before.filter((other) => other !== photo))} />
      {asksConsent && <ConsentFields draft={consent} change={setConsent} />}
      {fault !== undefined && <Fault error={fault} />}
      {refused.length > 0 && (
        <div role="alert">
          <h2>{texts.add.refusals}</h2>
          <Refusals refused={refused} />
        </div>
      )}
      <div className="row">
        <Action type="submit" isPending={pending === 'add'} isDisabled={!isReady || pending === 'next'}>
          {words.button}
        </Action>
        {people.length >= ENOUGH_PEOPLE && (
          <Action isPending={pending === 'next'} isDisabled={pending === 'add'} onPress={() => attempt('next', goOn)}>
            {words.next}
          </Action>
        )}
      </div>
      {!isReady && <p className="fine">{asksConsent ? words.missingConsent : words.missing}</p>}
    </Form>
  );
}

function Picked(props: { readonly photos: readonly PickedPhoto[]; readonly leaveOut: (photo: PickedPhoto) => void }) {
  const { photos, leaveOut } = props;
  if (photos.length === 0) return null;
  return (
    <ul className="chips plain-tiles" aria-label={texts.firstRun.person.photos}>
      {photos.map((photo, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one photo may have been picked twice
        <li key={i} className="picked-file">
          <bdi>{photo.file.name}</bdi>
          <Button
            className="chip-out"
            aria-label={texts.firstRun.person.leaveOut(photo.file.name)}
            onPress={() => leaveOut(photo)}
          >
            <span aria-hidden="true">✕</span>
          </Button>
        </li>
      ))}
    </ul>
  );
}
