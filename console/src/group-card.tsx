// Faces that are likely one person: those that are chosen get a name, and go into the gallery.
import { useState } from 'react';
import { Input, Label, Text, TextField, ToggleButton } from 'react-aria-components';
import type { Api } from './api.ts';
import { type ConsentDraft, ConsentFields, isComplete, NO_CONSENT, toConsent } from './consent-form.tsx';
import { isOutage } from './describe-error.ts';
import { findOrMake } from './enrol-many.ts';
import { FaceImage } from './one-face.tsx';
import type { PileFace } from './pile.ts';
import { Refusals } from './refusals.tsx';
import { qualityInWords } from './screens/identify.tsx';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { Action, Fault } from './ui.tsx';

type FoundPerson = Awaited<ReturnType<typeof findOrMake>>;

interface Refused {
  readonly face: PileFace;
  readonly error: unknown;
}

export function GroupCard(props: {
  readonly title: string;
  readonly help: string;
  readonly faces: readonly PileFace[];
  readonly startsChosen: boolean;
  /** Person by probe. */
  readonly added: ReadonlyMap<string, string>;
  readonly onAdded: (probeIds: readonly string[], personId: string) => void;
  /** Of the whole page, so that two groups of one name become one person. */
  readonly personIds: Map<string, Promise<FoundPerson>>;
}) {
  const { title, help, faces, startsChosen, added, onAdded, personIds } = props;
  const { api, gallery, refresh } = useGallery();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [outcome, setOutcome] = useState<{
    readonly name: string;
    readonly count: number;
    readonly personId: string;
  }>();
  const [refused, setRefused] = useState<readonly Refused[]>([]);
  const [fault, setFault] = useState<unknown>();
  const chosen = faces.filter(({ probeId }) => !added.has(probeId) && toggled.has(probeId) !== startsChosen);
  const toggle = (probeId: string): void =>
    setToggled((before) => {
      const after = new Set(before);
      if (!after.delete(probeId)) after.add(probeId);
      return after;
    });

  const add = async (name: string, draft: ConsentDraft): Promise<void> => {
    setFault(undefined);
    try {
      const consent = gallery.consentPolicy === 'required' ? await toConsent(draft) : undefined;
      const known = personIds.get(name) ?? findOrMake(api, gallery.galleryId, name, consent);
      personIds.set(name, known);
      known.catch(() => personIds.delete(name));
      const person = await known;
      const result = await enrolFaces(api, gallery.galleryId, person, chosen);
      onAdded(
        result.taken.map(({ probeId }) => probeId),
        person.personId,
      );
      setRefused(result.refused);
      if (result.taken.length > 0) {
        personIds.set(name, Promise.resolve({ ...person, isNew: false }));
        setOutcome({ name, count: result.taken.length, personId: person.personId });
      } else {
        personIds.delete(name);
      }
      if (result.outage !== undefined) setFault(result.outage);
      await refresh();
    } catch (error) {
      setFault(error);
    }
  };

  return (
    <section className="card" aria-label={title}>
      <h2>
        {title} <span className="count">{texts.faces(faces.length)}</span>
      </h2>
      <p className="fine">{help}</p>
      <div className="tiles">
        {faces.map((face) => (
          <FaceToggle
            key={face.probeId}
            face={face}
            isAdded={added.has(face.probeId)}
            isChosen={chosen.includes(face)}
            isOut={startsChosen && !chosen.includes(face)}
            toggle={() => toggle(face.probeId)}
          />
        ))}
      </div>
      {outcome && (
        <p className="note" role="status">
          <a href={`#people/${outcome.personId}`}>
            <bdi>{texts.group.added(outcome.count, outcome.name)}</bdi>
          </a>
        </p>
      )}
      {refused.length > 0 && <RefusedFaces refused={refused} />}
      {fault !== undefined && <Fault error={fault} />}
      {chosen.length > 0 && <NameForm count={chosen.length} add={add} />}
    </section>
  );
}

/** Stops at an outage: what was taken until then is told. */
async function enrolFaces(api: Api, galleryId: string, person: FoundPerson, faces: readonly PileFace[]) {
  const taken: PileFace[] = [];
  const refused: Refused[] = [];
  let outage: unknown;
  for (const face of faces) {
    try {
      await api.enrol(galleryId, person.personId, face.file, face.box);
      taken.push(face);
    } catch (error) {
      if (isOutage(error)) {
        outage = error;
        break;
      }
      refused.push({ face, error });
    }
  }
  if (person.isNew && taken.length === 0 && outage === undefined) await eraseFaceless(api, galleryId, person.personId);
  return { taken, refused, outage };
}

/** Nobody is left behind without a face, unless another group gave them one meanwhile. */
async function eraseFaceless(api: Api, galleryId: string, personId: string): Promise<void> {
  const { faceIds } = await api.person(galleryId, personId);
  if (faceIds.length === 0) await api.erasePerson(galleryId, personId);
}

function FaceToggle(props: {
  readonly face: PileFace;
  readonly isAdded: boolean;
  readonly isChosen: boolean;
  /** Of a group that it would belong to. */
  readonly isOut: boolean;
  readonly toggle: () => void;
}) {
  const { face, isAdded, isChosen, isOut, toggle } = props;
  const label = texts.group.face(face.file.name, qualityInWords(face.quality));
  return (
    <ToggleButton
      className={isOut && !isAdded ? 'tile tile-out' : 'tile'}
      isSelected={isChosen}
      isDisabled={isAdded}
      onChange={toggle}
      aria-label={isAdded ? `${label}, ${texts.group.isAdded}` : label}
    >
      <FaceImage url={face.url} alt="" />
      {isAdded && (
        <span className="tile-mark" aria-hidden="true">
          ✓
        </span>
      )}
    </ToggleButton>
  );
}

function NameForm(props: {
  readonly count: number;
  readonly add: (name: string, consent: ConsentDraft) => Promise<void>;
}) {
  const { count, add } = props;
  const { gallery } = useGallery();
  const [name, setName] = useState('');
  const [draft, setDraft] = useState(NO_CONSENT);
  const [isBusy, setBusy] = useState(false);
  const asksConsent = gallery.consentPolicy === 'required';
  const isReady = name.trim() !== '' && (!asksConsent || isComplete(draft));
  return (
    <form
      className="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady || isBusy) return;
        setBusy(true);
        void add(name.trim().normalize('NFC'), draft).finally(() => setBusy(false));
      }}
    >
      <TextField className="field" value={name} onChange={setName} maxLength={128} isRequired>
        <Label>{texts.group.name}</Label>
        <Input dir="auto" autoComplete="off" />
        <Text slot="description">{texts.group.nameHelp}</Text>
      </TextField>
      {asksConsent && <ConsentFields draft={draft} change={setDraft} />}
      <Action type="submit" isDisabled={!isReady} isPending={isBusy}>
        {texts.group.add(count, gallery.name)}
      </Action>
    </form>
  );
}

function RefusedFaces({ refused }: { readonly refused: readonly Refused[] }) {
  return (
    <div role="alert">
      <p>{texts.group.refused}</p>
      <Refusals
        refused={refused.map(({ face: { probeId, file }, error }) => ({ id: probeId, name: file.name, error }))}
      />
    </div>
  );
}
