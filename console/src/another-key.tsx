// The key was revoked while the page was open: another one takes its place, and nothing on the page is lost.
import { useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { ApiError } from './api.ts';
import { describeError } from './describe-error.ts';
import { Panel } from './panel.tsx';
import { useSession } from './session.tsx';
import { texts } from './texts.ts';

export function AnotherKey() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button className="button button-small" onPress={() => setOpen(true)}>
        {texts.signIn.another}
      </Button>
      <Panel title={texts.signIn.another} isOpen={isOpen} onOpenChange={setOpen}>
        <KeyForm done={() => setOpen(false)} />
      </Panel>
    </>
  );
}

function KeyForm({ done }: { readonly done: () => void }) {
  const { api, refresh } = useSession();
  const [key, setKey] = useState('');
  const [fault, setFault] = useState<string>();
  const [isPending, setPending] = useState(false);
  return (
    // No Form of the library's: within another, that one takes its onSubmit for its own
    <form
      onSubmit={async (event) => {
        event.preventDefault();
        // To React it lies within the form that failed, and would be sent with it
        event.stopPropagation();
        if (isPending) return;
        setPending(true);
        setFault(undefined);
        try {
          await api.takeKey(key.trim());
          // It may see other galleries
          await refresh();
          done();
        } catch (error) {
          setFault(error instanceof ApiError && error.status === 401 ? texts.signIn.wrong : describeError(error));
          setPending(false);
        }
      }}
    >
      <p>{texts.signIn.anotherHelp}</p>
      <TextField className="field" type="password" value={key} onChange={setKey} isRequired autoFocus>
        <Label>{texts.signIn.key}</Label>
        <Input autoComplete="off" spellCheck="false" />
      </TextField>
      {fault && (
        <p className="note note-bad" role="alert">
          {fault}
        </p>
      )}
      <div className="row row-end">
        <Button type="submit" className="button button-main" isPending={isPending} isDisabled={key.trim() === ''}>
          {texts.signIn.button}
        </Button>
      </div>
    </form>
  );
}
