// Somebody's consent: what is on record, and how it is put there or withdrawn.
import { useState } from 'react';
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components';
import { ConsentFields, isComplete, NO_CONSENT, toConsent } from './consent-form.tsx';
import { Panel } from './panel.tsx';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { Action, Confirmed, day, Fault } from './ui.tsx';
import type { Consent } from './wire.ts';

export function ConsentCard(props: {
  readonly personId: string;
  readonly consent: Consent | undefined;
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
}) {
  const { personId, consent, attempt } = props;
  const { api, gallery } = useGallery();
  const [isGiving, setGiving] = useState(false);
  const isGiven = consent?.state === 'given';
  const give = isGiven ? texts.person.renewConsent : texts.person.giveConsent;
  return (
    <section className="card">
      <h2>{texts.person.consent}</h2>
      <OnRecord consent={consent} isRequired={gallery.consentPolicy === 'required'} />
      <div className="row">
        <Button className="button" onPress={() => setGiving(true)}>
          {give}
        </Button>
        {isGiven && (
          <Confirmed
            label={texts.person.withdraw}
            title={texts.person.withdraw}
            confirm={texts.person.withdraw}
            isDanger
            act={() => attempt(() => api.withdrawConsent(gallery.galleryId, personId))}
          >
            <p>{texts.person.withdrawHelp}</p>
          </Confirmed>
        )}
      </div>
      <Panel title={give} isOpen={isGiving} onOpenChange={setGiving}>
        <GiveConsent
          personId={personId}
          done={async () => {
            setGiving(false);
            await attempt(async () => undefined);
          }}
        />
      </Panel>
    </section>
  );
}

function OnRecord({ consent, isRequired }: { readonly consent: Consent | undefined; readonly isRequired: boolean }) {
  if (!consent) return <p>{isRequired ? texts.person.needsConsent : texts.person.noConsent}</p>;
  const { givenBy, method, givenAt, until, state } = consent;
  return (
    <>
      <p>
        <bdi>{texts.person.consentGiven(givenBy, method, day(givenAt))}</bdi>
      </p>
      {state === 'given' ? until && <p>{texts.person.consentUntil(day(until))}</p> : <p>{texts.person.consentEnded}</p>}
    </>
  );
}

function GiveConsent({ personId, done }: { readonly personId: string; readonly done: () => Promise<void> }) {
  const { api, gallery } = useGallery();
  const [draft, setDraft] = useState(NO_CONSENT);
  const [until, setUntil] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  return (
    <Form
      onSubmit={async (event) => {
        event.preventDefault();
        if (isBusy) return;
        setBusy(true);
        setError(undefined);
        try {
          // To the end of that day, where the page is looked at
          const end = until === '' ? {} : { until: new Date(`${until}T23:59:59`).toISOString() };
          await api.giveConsent(gallery.galleryId, personId, { ...(await toConsent(draft)), ...end });
          await done();
        } catch (reason) {
          setError(reason);
        }
        setBusy(false);
      }}
    >
      <ConsentFields draft={draft} change={setDraft} />
      <TextField className="field" type="date" value={until} onChange={setUntil}>
        <Label>{texts.consentForm.until}</Label>
        <Input />
        <Text slot="description">{texts.consentForm.untilHelp}</Text>
      </TextField>
      {error !== undefined && <Fault error={error} />}
      <div className="row row-end">
        <Action type="submit" isDisabled={!isComplete(draft)} isPending={isBusy}>
          {texts.save}
        </Action>
      </div>
    </Form>
  );
}
