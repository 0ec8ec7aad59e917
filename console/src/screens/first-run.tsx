import { useEffect, useState } from 'react';
import { Checkbox, Form, Input, Label, Radio, RadioGroup, Text, TextField } from 'react-aria-components';
import { type ConsentDraft, ConsentFields, isComplete, NO_CONSENT, toConsent } from '../consent-form.tsx';
import { findOrMake, isOutage } from '../enrol-many.ts';
import { PhotoDrop, type PickedPhoto } from '../photo-drop.tsx';
import { type Refusal, Refusals } from '../refusals.tsx';
import { useSession } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Fault } from '../ui.tsx';
import type { Gallery } from '../wire.ts';
import { Identify } from './identify.tsx';

const RETENTION_YEARS = [1, 3, 10];
const DAYS_A_YEAR = 365;
const ENOUGH_PEOPLE = 2;

export function FirstRun() {
  const { choose, refresh, gallery } = useSession();
  const [made, setMade] = useState<Gallery>();
  const [people, setPeople] = useState<readonly string[]>([]);
  const [isTrying, setTrying] = useState(false);
  const step = !made ? 0 : isTrying ? 2 : 1;
  // Until the last step is done this page stays, though there is a gallery by then
  useEffect(() => {
    window.location.hash = 'new';
  }, []);
  return (
    <>
      <h1>{texts.firstRun.title}</h1>
      <ol className="steps">
        {texts.firstRun.steps.map((words, i) => (
          <li key={words} className={i < step ? 'step-done' : ''} aria-current={i === step ? 'step' : undefined}>
            {words}
          </li>
        ))}
      </ol>
      {step === 0 && <MakeGallery done={setMade} />}
      {made && step === 1 && (
        <AddSomebody
          gallery={made}
          people={people}
          done={(name) => setPeople((before) => [...before, name])}
          goOn={async () => {
            await refresh();
            choose(made.galleryId);
            setTrying(true);
          }}
        />
      )}
      {made && step === 2 && gallery?.galleryId === made.galleryId && (
        <>
          <p className="lead">{texts.firstRun.try.intro}</p>
          <Identify />
          <Code galleryId={made.galleryId} />
          <Action
            onPress={() => {
              window.location.hash = 'people';
            }}
          >
            {texts.firstRun.try.done}
          </Action>
        </>
      )}
    </>
  );
}

function MakeGallery({ done }: { readonly done: (gallery: Gallery) => void }) {
  const { api, galleries } = useSession();
  const [name, setName] = useState('');
  const [purpose, setPurpose] = useState('');
  const [years, setYears] = useState('3');
  const [consentPolicy, setConsentPolicy] = useState('attested');
  const [keepPhotos, setKeepPhotos] = useState(true);
  const [twoPersonRule, setTwoPersonRule] = useState(false);
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const words = texts.firstRun.gallery;
  return (
    <Form
      className="card"
      onSubmit={async (event) => {
        event.preventDefault();
        setPending(true);
        setError(undefined);
        const taken = new Set(galleries.map(({ galleryId }) => galleryId));
        const settings = {
          name: name.trim(),
          ...(purpose.trim() === '' ? {} : { purpose: purpose.trim() }),
          retentionDays: Number(years) * DAYS_A_YEAR,
          consentPolicy,
          keepPhotos,
          twoPersonRule,
        };
        await api.makeGallery(idFor(name, taken), settings).then(done, setError);
        setPending(false);
      }}
    >
      <p>{words.intro}</p>
      <TextField className="field" value={name} onChange={setName} maxLength={128} isRequired autoFocus>
        <Label>{words.name}</Label>
        <Input dir="auto" autoComplete="off" />
      </TextField>
      <TextField className="field" value={purpose} onChange={setPurpose} maxLength={256}>
        <Label>{words.purpose}</Label>
        <Input dir="auto" autoComplete="off" />
        <Text slot="description">{words.purposeHelp}</Text>
      </TextField>
      <RadioGroup className="field" value={years} onChange={setYears} orientation="horizontal">
        <Label>{words.retention}</Label>
        <div className="row">
          {RETENTION_YEARS.map((n) => (
            <Radio key={n} value={String(n)} className="radio">
              <span className="radio-dot" aria-hidden="true" /> {words.years(n)}
            </Radio>
          ))}
        </div>
        <Text slot="description">{words.retentionHelp}</Text>
      </RadioGroup>
      <RadioGroup className="field" value={consentPolicy} onChange={setConsentPolicy}>
        <Label>{words.consent}</Label>
        {(['attested', 'required'] as const).map((policy) => (
          <Radio key={policy} value={policy} className="radio">
            <span className="radio-dot" aria-hidden="true" /> {words[policy]}
          </Radio>
        ))}
      </RadioGroup>
      <Checkbox className="check" isSelected={keepPhotos} onChange={setKeepPhotos}>
        <span className="check-box" aria-hidden="true" /> {words.keep}
      </Checkbox>
      <Checkbox className="check" isSelected={twoPersonRule} onChange={setTwoPersonRule}>
        <span className="check-box" aria-hidden="true" /> {words.twoPeople}
      </Checkbox>
      {error !== undefined && <Fault error={error} />}
      <div className="row row-end">
        <Action type="submit" isPending={isPending} isDisabled={name.trim() === ''}>
          {words.button}
        </Action>
      </div>
    </Form>
  );
}

/** a-z, 0-9 and hyphens of the name; something short where a name has none of them. */
function idFor(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50);
  const base = plain === '' ? 'gallery' : plain;
  let id = base;
  for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
  return id;
}

function AddSomebody(props: {
  readonly gallery: Gallery;
  readonly people: readonly string[];
  readonly done: (name: string) => void;
  readonly goOn: () => Promise<void>;
}) {
  const { gallery, people, done, goOn } = props;
  const { api } = useSession();
  const [name, setName] = useState('');
  const [photos, setPhotos] = useState<readonly PickedPhoto[]>([]);
  const [consent, setConsent] = useState<ConsentDraft>(NO_CONSENT);
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [fault, setFault] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const asksConsent = gallery.consentPolicy === 'required';
  const isReady = name.trim() !== '' && photos.length > 0 && (!asksConsent || isComplete(consent));
  const words = texts.firstRun.person;

  const add = async (): Promise<void> => {
    setPending(true);
    setFault(undefined);
    const faults: Refusal[] = [];
    try {
      // Whoever was made before an outage is gone on with
      const { personId } = await findOrMake(
        api,
        gallery.galleryId,
        name.trim().normalize('NFC'),
        asksConsent ? await toConsent(consent) : undefined,
      );
      for (const [id, { file }] of photos.entries()) {
        await api.enrol(gallery.galleryId, personId, file).catch((error: unknown) => {
          if (isOutage(error)) throw error;
          faults.push({ id, name: file.name, error });
        });
      }
      setPhotos([]);
      if (faults.length < photos.length) {
        done(name.trim());
        setName('');
        setConsent(NO_CONSENT);
      } else {
        await api.erasePerson(gallery.galleryId, personId);
      }
    } catch (error) {
      setFault(error);
    }
    setRefused(faults);
    setPending(false);
  };

  return (
    <div className="card">
      <p>{words.intro}</p>
      {people.length > 0 && (
        <p>
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
        onPick={(picked) => setPhotos([...photos, ...picked])}
      />
      <p className="fine">{texts.photos(photos.length)}</p>
      {asksConsent && <ConsentFields draft={consent} change={setConsent} />}
      {fault !== undefined && <Fault error={fault} />}
      {refused.length > 0 && (
        <div role="alert">
          <h2>{texts.add.refusals}</h2>
          <Refusals refused={refused} />
        </div>
      )}
      <div className="row">
        <Action onPress={add} isPending={isPending} isDisabled={!isReady}>
          {words.button}
        </Action>
        {people.length >= ENOUGH_PEOPLE && <Action onPress={goOn}>{words.next}</Action>}
      </div>
    </div>
  );
}

function Code({ galleryId }: { readonly galleryId: string }) {
  const { origin } = window.location;
  const curl = `curl -X POST '${origin}/v1/identify?gallery=${galleryId}' \\
  -H "Authorization: Bearer $KEY" -H 'Content-Type: image/jpeg' --data-binary @photo.jpg`;
  const azure = `import createFaceClient from '@azure-rest/ai-vision-face';
import { AzureKeyCredential } from '@azure/core-auth';

const client = createFaceClient('${origin}', new AzureKeyCredential(process.env.KEY));
const found = await client.path('/detect').post({
  contentType: 'application/octet-stream',
  queryParameters: { recognitionModel: 'recognition_04', returnFaceId: true },
  body: photo,
});
const answer = await client.path('/identify').post({
  body: { faceIds: found.body.map((face) => face.faceId), largePersonGroupId: '${galleryId}' },
});`;
  return (
    <section className="card">
      <h2>{texts.firstRun.try.code}</h2>
      <h3>{texts.firstRun.try.curl}</h3>
      <pre>{curl}</pre>
      <h3>{texts.firstRun.try.azure}</h3>
      <pre>{azure}</pre>
    </section>
  );
}
