import { useState } from 'react';
import { Form, Input, Label, Text, TextField } from 'react-aria-components';
import { ApiError } from '../api.ts';
import { describeError } from '../describe-error.ts';
import icon from '../icon.svg';
import { texts } from '../texts.ts';
import { Action } from '../ui.tsx';

export function SignIn({ signIn }: { readonly signIn: (key: string) => Promise<void> }) {
  const [key, setKey] = useState('');
  const [fault, setFault] = useState<string>();
  const [isPending, setPending] = useState(false);
  const submit = async (): Promise<void> => {
    if (isPending) return;
    setPending(true);
    setFault(undefined);
    try {
      await signIn(key.trim());
    } catch (error) {
      setFault(error instanceof ApiError && error.status === 401 ? texts.signIn.wrong : describeError(error));
      setPending(false);
    }
  };
  return (
    <main className="sign-in">
      <div className="card sign-in-card">
        <img src={icon} alt="" width="52" height="52" />
        <h1>{texts.product}</h1>
        <p className="lead">{texts.claim}</p>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <TextField className="field" type="password" value={key} onChange={setKey} isRequired autoFocus>
            <Label>{texts.signIn.key}</Label>
            <Input autoComplete="off" spellCheck="false" />
            <Text slot="description">{texts.signIn.help}</Text>
          </TextField>
          {fault && (
            <p className="note note-bad" role="alert">
              {fault}
            </p>
          )}
          <Action type="submit" isPending={isPending} isDisabled={key.trim() === ''}>
            {texts.signIn.button}
          </Action>
        </Form>
        <p className="fine">{texts.signIn.promise}</p>
      </div>
    </main>
  );
}
