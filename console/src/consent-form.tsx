// What has to be known of somebody's consent before they are added to a gallery that asks for it.
import { Input, Label, Text, TextArea, TextField } from 'react-aria-components';
import { texts } from './texts.ts';
import type { NewConsent } from './wire.ts';

export interface ConsentDraft {
  readonly givenBy: string;
  readonly method: string;
  /** What was agreed to. It stays in the browser. */
  readonly text: string;
}

export const NO_CONSENT: ConsentDraft = { givenBy: '', method: '', text: '' };

const MAX_LENGTH = 128;

export function isComplete({ givenBy, method, text }: ConsentDraft): boolean {
  return [givenBy, method, text].every((part) => part.trim() !== '');
}

export async function toConsent({ givenBy, method, text }: ConsentDraft): Promise<NewConsent> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const textHash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { givenBy: givenBy.trim(), method: method.trim(), textHash };
}

export function ConsentFields(props: { readonly draft: ConsentDraft; readonly change: (draft: ConsentDraft) => void }) {
  const { draft, change } = props;
  const words = texts.consentForm;
  return (
    <fieldset className="consent-fields">
      <legend>{words.title}</legend>
      <p className="fine">{words.intro}</p>
      <TextField
        className="field"
        value={draft.givenBy}
        onChange={(givenBy) => change({ ...draft, givenBy })}
        maxLength={MAX_LENGTH}
        isRequired
      >
        <Label>{words.givenBy}</Label>
        <Input dir="auto" autoComplete="off" />
        <Text slot="description">{words.givenByHelp}</Text>
      </TextField>
      <TextField
        className="field"
        value={draft.method}
        onChange={(method) => change({ ...draft, method })}
        maxLength={MAX_LENGTH}
        isRequired
      >
        <Label>{words.method}</Label>
        <Input dir="auto" autoComplete="off" />
        <Text slot="description">{words.methodHelp}</Text>
      </TextField>
      <TextField className="field" value={draft.text} onChange={(text) => change({ ...draft, text })} isRequired>
        <Label>{words.text}</Label>
        <TextArea dir="auto" rows={3} />
        <Text slot="description">{words.textHelp}</Text>
      </TextField>
    </fieldset>
  );
}
