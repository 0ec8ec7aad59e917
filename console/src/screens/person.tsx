import { useState } from 'react';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import { AddFaces } from '../add-faces.tsx';
import { ConsentCard } from '../consent-card.tsx';
import { PersonPicker } from '../person-picker.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Confirmed, day, Empty, FacePicture, Fault, Loading, moment, Panel, useLoad } from '../ui.tsx';
import type { Consent, EnrolledFace, Merge, Person, PersonUse } from '../wire.ts';
import { qualityInWords } from './identify.tsx';

/** Searches that are listed; all are in the record that can be saved. */
const SHOWN_USES = 20;

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
          {note}
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
            <Button
              className="button"
              onPress={() =>
                attempt(async () => {
                  setNote(undefined);
                  await api.undoMerge(galleryId, mergeId);
                })
              }
            >
              {texts.person.undo}
            </Button>
          </p>
        ))}
        <Button className="button" onPress={() => setMerging(true)}>
          {texts.person.merge} …
        </Button>
        <Panel title={texts.person.merge} isOpen={isMerging} onOpenChange={setMerging}>
          <PersonPicker
            label={texts.person.merge}
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

      <Uses personId={personId} />

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
            if (receipt) saveReceipt(receipt, personId);
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

/** What proves the erasure goes to whoever asked for it; this page keeps nothing. */
function saveReceipt(receipt: unknown, personId: string): void {
  const file = new Blob([JSON.stringify(receipt, null, 2)], { type: 'application/json' });
  saveFile(file, `erasure-${personId}.json`);
}

function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
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
            <p className={`quality quality-${quality.level}`}>{qualityInWords(quality)}</p>
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
                <p>{texts.person.eraseHelp}</p>
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

/** Asked for by a press: to look at what is on record of somebody is itself put on record. */
function Uses({ personId }: { readonly personId: string }) {
  const { api } = useGallery();
  const [uses, setUses] = useState<readonly PersonUse[]>();
  const [error, setError] = useState<unknown>();
  return (
    <section className="card">
      <h2>{texts.person.uses}</h2>
      <p>{texts.person.usesHelp}</p>
      {error !== undefined && <Fault error={error} />}
      {uses?.length === 0 && <p>{texts.person.noUses}</p>}
      {uses && uses.length > 0 && (
        <ul>
          {uses.map(({ at, score, keyId }) => (
            <li key={at}>
              {moment(at)} · {texts.person.named(score ?? 0)} ·{' '}
              <span className="fine">{texts.person.byKey(keyId)}</span>
            </li>
          ))}
        </ul>
      )}
      <div className="row">
        <Button
          className="button"
          onPress={() =>
            api
              .personUses(personId)
              .then(
                (all) =>
                  setUses(
                    all.filter(({ action, score }) => action === 'search' && score !== undefined).slice(0, SHOWN_USES),
                  ),
                setError,
              )
          }
        >
          {texts.person.showUses}
        </Button>
        <Button
          className="button"
          onPress={() =>
            api.personRecordPage(personId).then((page) => saveFile(page, `record-${personId}.html`), setError)
          }
        >
          {texts.person.saveRecord}
        </Button>
      </div>
    </section>
  );
}

function Rename({ name, rename }: { readonly name: string; readonly rename: (to: string) => Promise<void> }) {
  const [to, setTo] = useState(name);
  const [error, setError] = useState<unknown>();
  return (
    <Form
      onSubmit={async (event) => {
        event.preventDefault();
        await rename(to.trim().normalize('NFC')).catch(setError);
      }}
    >
      <TextField className="field" value={to} onChange={setTo} maxLength={128} isRequired autoFocus>
        <Label>{texts.person.newName}</Label>
        <Input dir="auto" />
      </TextField>
      {error !== undefined && <Fault error={error} />}
      <div className="row row-end">
        <Action type="submit" isDisabled={to.trim() === ''}>
          {texts.save}
        </Action>
      </div>
    </Form>
  );
}
