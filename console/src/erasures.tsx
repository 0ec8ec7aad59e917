// What was erased, and the receipt of each, had again.
import { useState } from 'react';
import { Button, Checkbox } from 'react-aria-components';
import type { Api } from './api.ts';
import { saveReceipt } from './save-file.ts';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { Fault, Loading, moment, useLoad } from './ui.tsx';
import type { Erasure, ErasuresPage } from './wire.ts';

const SHOWN = 20;
/** The service looks through its log for two seconds at a time; after so many looks the reader decides. */
const MAX_LOOKS = 15;

export function Erasures() {
  const { gallery } = useGallery();
  const [isOfAll, setOfAll] = useState(false);
  const galleryId = isOfAll ? undefined : gallery.galleryId;
  return (
    <section className="card" aria-label={texts.erasures.title}>
      <h2>{texts.erasures.title}</h2>
      <p className="fine">{texts.erasures.help}</p>
      <Checkbox isSelected={isOfAll} onChange={setOfAll} className="check">
        <span className="check-box" aria-hidden="true" /> {texts.erasures.ofAll}
      </Checkbox>
      <ErasureList key={galleryId ?? ''} {...(galleryId === undefined ? {} : { galleryId })} />
    </section>
  );
}

function ErasureList({ galleryId }: { readonly galleryId?: string }) {
  const { api } = useGallery();
  const first = useLoad(() => pageWithSome(api, galleryId), '');
  const [later, setLater] = useState<readonly ErasuresPage[]>([]);
  const [isMore, setMore] = useState(false);
  const [fault, setFault] = useState<unknown>();
  if (first.isLoading) return <Loading />;
  if (!first.value) return <Fault error={first.error} retry={first.reload} />;
  const pages = [first.value, ...later];
  const erasures = pages.flatMap((page) => page.erasures);
  const next = pages.at(-1)?.next;
  const more = async (): Promise<void> => {
    setMore(true);
    setFault(undefined);
    try {
      const page = await pageWithSome(api, galleryId, next);
      setLater((before) => [...before, page]);
    } catch (error) {
      setFault(error);
    } finally {
      setMore(false);
    }
  };
  return (
    <>
      {erasures.length === 0 && <p>{next === undefined ? texts.erasures.none : texts.erasures.noneYet}</p>}
      {erasures.length > 0 && (
        <ul className="plain erasures">
          {erasures.map((erasure) => (
            <Erased key={`${erasure.record.chain} ${erasure.record.seq}`} erasure={erasure} isOfAll={!galleryId} />
          ))}
        </ul>
      )}
      {fault !== undefined && <Fault error={fault} />}
      {next !== undefined && (
        <Button className="button button-small" isPending={isMore} onPress={more}>
          {isMore ? texts.loading : texts.erasures.more}
        </Button>
      )}
      {first.value.otherNodes.length > 0 && (
        <p className="fine">{texts.erasures.elsewhere(first.value.otherNodes.join(', '))}</p>
      )}
    </>
  );
}

/** A page may have nothing on it while there is more further back. */
async function pageWithSome(api: Api, galleryId?: string, before?: string): Promise<ErasuresPage> {
  let page = await api.erasures({ galleryId, before, limit: SHOWN });
  for (let look = 1; look < MAX_LOOKS && page.erasures.length === 0 && page.next !== undefined; look++) {
    page = await api.erasures({ galleryId, before: page.next, limit: SHOWN });
  }
  return page;
}

function Erased({ erasure, isOfAll }: { readonly erasure: Erasure; readonly isOfAll: boolean }) {
  const { api } = useGallery();
  const [state, setState] = useState<'ready' | 'busy' | 'saved'>('ready');
  const [fault, setFault] = useState<unknown>();
  const { erasedAt, subject, removed } = erasure;
  const what = whatOf(erasure);
  const save = async (): Promise<void> => {
    setState('busy');
    setFault(undefined);
    try {
      saveReceipt(await api.erasureReceipt(erasure.record), fileNameOf(erasure));
      setState('saved');
    } catch (error) {
      setFault(error);
      setState('ready');
    }
  };
  return (
    <li className="erasure">
      <div className="grow">
        {moment(erasedAt)} · {what}
        {isOfAll && subject.galleryId !== undefined && (
          <>
            {' '}
            · <bdi>{subject.galleryId}</bdi>
          </>
        )}
        <p className="fine">
          {removed && `${texts.erasures.took(removed.templates, removed.photos)} · `}
          {whyOf(erasure)}
        </p>
        {subject.personId !== undefined && <p className="fine">{texts.erasures.id(subject.personId)}</p>}
        <span role="status" className="fine">
          {state === 'saved' && texts.erasures.saved}
        </span>
      </div>
      <Button
        className="button button-small"
        aria-label={texts.erasures.saveOf(what, moment(erasedAt))}
        isPending={state === 'busy'}
        onPress={save}
      >
        {texts.erasures.save}
      </Button>
      {fault !== undefined && <Fault error={fault} />}
    </li>
  );
}

function whatOf({ subject, removed }: Erasure): string {
  if (subject.what === 'person') return texts.people(1);
  const whole = subject.what === 'gallery' ? texts.erasures.gallery : texts.erasures.tenant;
  return removed ? `${whole}, ${texts.people(removed.persons)}` : whole;
}

function whyOf({ cause, keyId }: Erasure): string {
  return cause === 'retention' ? texts.erasures.retention : texts.person.byKey(keyId);
}

/** That of a person is the one that the first receipt was saved under. */
function fileNameOf({ subject, erasedAt }: Erasure): string {
  if (subject.personId !== undefined) return `erasure-${subject.personId}.json`;
  const of = subject.galleryId === undefined ? 'tenant' : `gallery-${subject.galleryId}`;
  return `erasure-${of}-${erasedAt.slice(0, 10)}.json`;
}
