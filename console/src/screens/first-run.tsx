import { useEffect, useState } from 'react';
import { Checkbox, Form, Input, Label, Radio, RadioGroup, Text, TextField } from 'react-aria-components';
import { useSession } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Fault } from '../ui.tsx';
import type { Gallery } from '../wire.ts';
import { AddSomebody } from './first-people.tsx';
import { Identify } from './identify.tsx';

const RETENTION_YEARS = [1, 3, 10];
const DAYS_A_YEAR = 365;

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
      {step === 0 && (
        <MakeGallery
          done={(gallery) => {
            setMade(gallery);
            // So that it is among the others for whoever leaves here; a failure is met again at the next step
            refresh().catch(() => undefined);
          }}
        />
      )}
      {made && step === 1 && (
        <AddSomebody
          gallery={made}
          people={people}
          done={(name) => setPeople((before) => (before.includes(name) ? before : [...before, name]))}
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
        if (isPending) return;
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
