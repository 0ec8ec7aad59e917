import { useState } from 'react';
import { Button, Checkbox, CheckboxGroup, Form, Input, Label, TextField } from 'react-aria-components';
import type { Api } from '../api.ts';
import { Panel } from '../panel.tsx';
import { useSession } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Confirmed, day, Fault, Loading, useLoad } from '../ui.tsx';

export function Keys() {
  const { api, galleries: known } = useSession();
  const nameOf = (id: string): string => known.find(({ galleryId }) => galleryId === id)?.name ?? id;
  const keys = useLoad(() => api.keys(), 'keys');
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<string>();
  const show = (key: string): void => {
    setMade(key);
    setMaking(false);
    keys.reload();
  };
  return (
    <>
      <div className="head">
        <h1>{texts.keys.title}</h1>
        <Action onPress={() => setMaking(true)}>{texts.keys.make}</Action>
      </div>
      <p className="lead">{texts.keys.intro}</p>
      <Panel title={texts.keys.make} isOpen={isMaking} onOpenChange={setMaking}>
        <NewKey make={async (wanted) => show((await api.makeKey(wanted)).key)} />
      </Panel>
      <Panel title={texts.keys.made} isOpen={made !== undefined} onOpenChange={() => setMade(undefined)} isShownOnce>
        <MadeKey value={made ?? ''} />
      </Panel>
      {keys.isLoading && <Loading />}
      {keys.error !== undefined && <Fault error={keys.error} retry={keys.reload} />}
      <ul className="plain">
        {keys.value?.map(({ keyId, label, permissions, galleries, purposes, createdAt }) => (
          <li key={keyId} className="card key">
            <div>
              <strong>
                <bdi>{label}</bdi>
              </strong>
              <p className="fine">
                <bdi>
                  {permissions.map((name) => texts.keys.may[name] ?? name).join(', ')}
                  {galleries && ` · ${texts.keys.only(galleries.map(nameOf).join(', '))}`}
                  {purposes && ` · ${texts.keys.onlyPurpose(purposes.join(', '))}`} ·{' '}
                  {texts.keys.madeOn(day(createdAt))} · {texts.keys.id(keyId)}
                </bdi>
              </p>
            </div>
            <div className="row">
              <Confirmed
                label={texts.keys.rotate}
                title={texts.keys.rotate}
                confirm={texts.keys.rotate}
                act={async () => show((await api.rotateKey(keyId)).key)}
              >
                <p>{texts.keys.rotateHelp}</p>
              </Confirmed>
              <Confirmed
                label={texts.keys.revoke}
                title={texts.keys.revokeAsk(label)}
                confirm={texts.keys.revoke}
                isDanger
                act={async () => {
                  await api.revokeKey(keyId);
                  keys.reload();
                }}
              >
                <p>{texts.keys.revokeHelp}</p>
              </Confirmed>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function MadeKey({ value }: { readonly value: string }) {
  const [said, setSaid] = useState<string>();
  return (
    <div className="row">
      <code className="key-value">{value}</code>
      {/* Browsers have no clipboard on plain HTTP from elsewhere */}
      {navigator.clipboard && (
        <Button
          className="button"
          onPress={() =>
            navigator.clipboard.writeText(value).then(
              () => setSaid(texts.keys.copied),
              () => setSaid(texts.keys.notCopied),
            )
          }
        >
          {texts.keys.copy}
        </Button>
      )}
      <p role="status">{said}</p>
    </div>
  );
}

function NewKey(props: { readonly make: (wanted: Parameters<Api['makeKey']>[0]) => Promise<void> }) {
  const { gallery } = useSession();
  const [isBound, setBound] = useState(false);
  const [label, setLabel] = useState('');
  const [permissions, setPermissions] = useState<string[]>(['search']);
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  return (
    <Form
      onSubmit={async (event) => {
        event.preventDefault();
        if (isPending) return;
        setPending(true);
        setError(undefined);
        const galleries = isBound && gallery ? { galleries: [gallery.galleryId] } : {};
        await props.make({ label: label.trim(), permissions, ...galleries }).catch(setError);
        setPending(false);
      }}
    >
      <TextField className="field" value={label} onChange={setLabel} maxLength={100} isRequired autoFocus>
        <Label>{texts.keys.label}</Label>
        <Input autoComplete="off" />
      </TextField>
      <CheckboxGroup className="field" value={permissions} onChange={setPermissions}>
        <Label>{texts.keys.permissions}</Label>
        {Object.entries(texts.keys.permission).map(([name, words]) => (
          <Checkbox key={name} value={name} className="check">
            <span className="check-box" aria-hidden="true" /> {words}
          </Checkbox>
        ))}
      </CheckboxGroup>
      {gallery && (
        <Checkbox isSelected={isBound} onChange={setBound} className="check">
          <span className="check-box" aria-hidden="true" /> <bdi>{texts.keys.onlyHere(gallery.name)}</bdi>
        </Checkbox>
      )}
      {error !== undefined && <Fault error={error} />}
      <div className="row row-end">
        <Action type="submit" isPending={isPending} isDisabled={label.trim() === '' || permissions.length === 0}>
          {texts.keys.make}
        </Action>
      </div>
    </Form>
  );
}
