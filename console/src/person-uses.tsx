// Who searched for somebody, and everything that is held about them.
import { useState } from 'react';
import { saveFile } from './save-file.ts';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { Doing, Fault, moment } from './ui.tsx';
import type { PersonUse } from './wire.ts';

/** Searches that are listed; all are in the record that can be saved. */
const SHOWN_USES = 20;

/** Asked for by a press: to look at what is on record of somebody is itself put on record. */
export function PersonUses({ personId }: { readonly personId: string }) {
  const { api } = useGallery();
  const [uses, setUses] = useState<readonly PersonUse[]>();
  const [error, setError] = useState<unknown>();
  const attempt = (work: () => Promise<void>): Promise<void> => {
    setError(undefined);
    return work().catch(setError);
  };
  return (
    <section className="card">
      <h2>{texts.person.uses}</h2>
      <p>{texts.person.usesHelp}</p>
      {error !== undefined && <Fault error={error} />}
      {uses?.length === 0 && <p>{texts.person.noUses}</p>}
      {uses && uses.length > 0 && (
        <ul>
          {uses.map(({ at, score, keyId }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two searches may lie in one millisecond
            <li key={i}>
              {moment(at)} · {texts.person.named(score ?? 0)} ·{' '}
              <span className="fine">{texts.person.byKey(keyId)}</span>
            </li>
          ))}
        </ul>
      )}
      <div className="row">
        <Doing
          act={() =>
            attempt(async () => {
              const all = await api.personUses(personId);
              setUses(
                all.filter(({ action, score }) => action === 'search' && score !== undefined).slice(0, SHOWN_USES),
              );
            })
          }
        >
          {texts.person.showUses}
        </Doing>
        <Doing
          act={() => attempt(async () => saveFile(await api.personRecordPage(personId), `record-${personId}.html`))}
        >
          {texts.person.saveRecord}
        </Doing>
      </div>
    </section>
  );
}
