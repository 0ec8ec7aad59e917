import { useState } from 'react';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import { AddFaces } from '../add-faces.tsx';
import { ConsentCard } from '../consent-card.tsx';
import { Panel } from '../panel.tsx';
import { PersonPicker } from '../person-picker.tsx';
import { PersonUses } from '../person-uses.tsx';
import { saveReceipt } from '../save-file.ts';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Confirmed, Doing, day, Empty, FacePicture, Fault, Loading, useLoad } from '../ui.tsx';
import type { Consent, EnrolledFace, Merge, Person } from '../wire.ts';
import { qualityInWords } from './identify.tsx';

export function PersonPage({ personId }: { readonly personId: string }) {
  const { api, gallery } = useGallery();
  const { galleryId } = gallery;
  const loaded = useLoad(async () => {
    const [person, faces, merges, consent] = await Promise.all([
      api.person(galleryId, personId),
      api.faces(galleryId, personId),
      api.merges(galleryId, personId),
      api.consent(galleryId, personId),
    ]);
    return { person, faces, merges, consent };
  }, `${galleryId} ${personId}`);
  return (
    <>
      <a className="back" href="#people">
        ← {texts.person.back}
      </a>
      {!loaded.value && loaded.error !== undefined && <h1>{texts.person.unknown}</h1>}
      {loaded.error !== undefined && <Fault error={loaded.error} retry={loaded.reload} />}
      {loaded.isLoading && <Loading />}
      {loaded.value && <PersonView {...loaded.value} reload={loaded.reload} />}
    </>
  );
}

interface PersonViewProps {
  readonly person: Person;
  readonly faces: readonly EnrolledFace[];
  readonly merges: readonly Merge[];
  readonly consent: Consent | undefined;
  readonly reload: () => void;
}

function PersonView({ person, faces, merges, consent, reload }: PersonViewProps) {
  const { api, gallery, refresh } = useGallery();
  const { galleryId } = gallery;
  const { personId, name } = person;
  const [isRenaming, setRenaming] = useState(false);
  const [isMerging, setMerging] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const [note, setNote] = useState<string>();
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFault(undefined);
    await work().then(refresh).then(reload, setFault);
  };
  return (
    <>
      <div className="head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <Button className="button" onPress={() => setRenaming(true)}>
          {texts.person.rename}
        </Button>
      </div>
      <p className="fine">{texts.person.added(day(person.createdAt))}</p>
      {fault !== undefined && <Fault error={fault} />}
      {note && (
        <p className="note" role="status">
          <bdi>{note}</bdi>
        </p>
      )}
      <Panel title={texts.person.rename} isOpen={isRenaming} onOpenChange={setRenaming}>
        <Rename
          name={name}
          rename={async (to) => {
            await api.renamePerson(galleryId, personId, to);
            setRenaming(false);
            reload();
          }}
        />
      </Panel>
      <Faces person={person} faces={faces} attempt={attempt} />
      <AddFaces personId={personId} done={() => attempt(async () => undefined)} />

      <ConsentCard personId={personId} consent={consent} attempt={attempt} />

      <section className="card">
        <h2>{texts.person.merge}</h2>
        <p>{texts.person.mergeHelp}</p>
        {merges.map(({ mergeId, fromName, mergedAt }) => (
          <p key={mergeId} className="row">
            <span>
              <bdi>{texts.person.mergedOn(fromName, day(mergedAt))}</bdi>
            </span>
            <Doing
              act={() =>
                attempt(async () => {
                  setNote(undefined);
                  await api.undoMerge(galleryId, mergeId);
                })
              }
            >
              {texts.person.undo}
            </Doing>
          </p>
        ))}
        <Button className="button" onPress={() => setMerging(true)}>
          {texts.person.merge} …
        </Button>
        <Panel title={texts.person.merge} isOpen={isMerging} onOpenChange={setMerging}>
          <PersonPicker
            label={texts.person.mergeWith}
            except={personId}
            onPick={(other) => {
              setMerging(false);
              void attempt(async () => {
                await api.merge(galleryId, personId, other.personId);
                setNote(texts.person.merged(other.name));
              });
            }}
          />
        </Panel>
      </section>

      <PersonUses personId={personId} />

      <section className="card card-danger">
        <h2>{texts.person.erase}</h2>
        <p>{texts.person.eraseHelp}</p>
        <Confirmed
          label={texts.person.erase}
          title={texts.person.eraseAsk(name)}
          confirm={texts.person.eraseButton}
          isDanger
          act={async () => {
            const receipt = await api.erasePerson(galleryId, personId);
            if (receipt) saveReceipt(receipt, `erasure-${personId}.json`);
            await refresh();
            window.location.hash = 'people';
          }}
        >
          <p>{texts.person.eraseHelp}</p>
        </Confirmed>
      </section>
    </>
  );
}

function Faces(props: {
  readonly person: Person;
  readonly faces: readonly EnrolledFace[];
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
}) {
  const { person, faces, attempt } = props;
  const { api, gallery } = useGallery();
  const { galleryId } = gallery;
  const [moving, setMoving] = useState<string>();
  if (faces.length === 0) return <Empty title={texts.person.noPhotos} />;
  return (
    <>
      <ul className="faces">
        {faces.map(({ faceId, quality, hasPhoto, createdAt }) => (
          <li key={faceId} className="card face-card">
            <FacePicture
              galleryId={galleryId}
              personId={person.personId}
              faceId={faceId}
              name={person.name}
              isKept={hasPhoto}
            />
            <p className="fine">{texts.person.added(day(createdAt))}</p>
            <p className={`quality quality-${quality.level}`}>{texts.person.quality(qualityInWords(quality))}</p>
            <div className="row">
              <Button className="button button-small" onPress={() => setMoving(faceId)}>
                {texts.person.moveFace}
              </Button>
              <Confirmed
                label={texts.person.eraseFace}
                title={`${texts.person.eraseFace}?`}
                confirm={texts.person.eraseButton}
                isDanger
                act={() => attempt(() => api.eraseFace(galleryId, person.personId, faceId))}
              >
                <p>{texts.person.eraseFaceHelp}</p>
              </Confirmed>
            </div>
          </li>
        ))}
      </ul>
      <Panel
        title={texts.person.move}
        isOpen={moving !== undefined}
        onOpenChange={(isOpen) => !isOpen && setMoving(undefined)}
      >
        <PersonPicker
          label={texts.person.moveTo}
          except={person.personId}
          onPick={(other) => {
            const faceId = moving;
            setMoving(undefined);
            if (faceId) void attempt(() => api.moveFace(galleryId, person.personId, { faceId, to: other.personId }));
          }}
        />
      </Panel>
    </>
  );
}

function Rename({ name, rename }: { readonly name: string; readonly rename: (to: string) => Promise<void> }) {
  const [to, setTo] = useState(name);
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  return (
    <Form
      onSubmit={async (event) => {
        event.preventDefault();
        if (isPending) return;
        setPending(true);
        setError(undefined);
        await rename(to.trim().normalize('NFC')).catch(setError);
        setPending(false);
      }}
    >
      <TextField className="field" value={to} onChange={setTo} maxLength={128} isRequired autoFocus>
        <Label>{texts.person.newName}</Label>
        <Input dir="auto" />
      </TextField>
      {error !== undefined && <Fault error={error} />}
      <div className="row row-end">
        <Action type="submit" isPending={isPending} isDisabled={to.trim() === ''}>
          {texts.save}
        </Action>
      </div>
    </Form>
  );
}
