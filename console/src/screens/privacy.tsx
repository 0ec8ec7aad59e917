import type { ReactNode } from 'react';
import { Erasures } from '../erasures.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Confirmed, day, Fault, type Loaded, Loading, moment, useLoad } from '../ui.tsx';

/** Of every gallery; those of this one are listed. */
const SHOWN_RECORDS = 50;
const SHOWN_PEOPLE = 20;
const SOON_DAYS = 30;
const DAY_MS = 86_400_000;

export function Privacy() {
  const { api, gallery, refresh } = useGallery();
  const terms: readonly (readonly [string, string])[] = [
    [texts.privacy.purpose, gallery.purpose ?? texts.privacy.none],
    [texts.privacy.basis, gallery.lawfulBasis ?? texts.privacy.none],
    [
      texts.privacy.retention,
      gallery.retentionDays === undefined ? texts.privacy.none : texts.privacy.days(gallery.retentionDays),
    ],
    [texts.privacy.consentPolicy, texts.privacy[gallery.consentPolicy ?? 'attested']],
    [texts.privacy.confirm, gallery.twoPersonRule ? texts.privacy.twoPeople : texts.privacy.onePerson],
  ];
  const ask = gallery.twoPersonRule ? texts.privacy.askOne : texts.privacy.askTwo;
  return (
    <>
      <h1>{texts.privacy.title}</h1>
      <section className="card">
        <h2>{texts.privacy.terms}</h2>
        <dl className="facts">
          {terms.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
        <Confirmed
          label={ask}
          title={ask}
          confirm={ask}
          act={async () => {
            await api.changeGallery(gallery.galleryId, { twoPersonRule: !gallery.twoPersonRule });
            await refresh();
          }}
        >
          <p>{gallery.twoPersonRule ? texts.privacy.askOneHelp : texts.privacy.askTwoHelp}</p>
        </Confirmed>
        <p className="fine">{texts.privacy.never}</p>
        <p>
          <a href="/.well-known/biometric-policy" target="_blank" rel="noreferrer">
            {texts.privacy.policy}
          </a>
        </p>
      </section>
      <DueConsents />
      <SoonForgotten />
      <Erasures />
      <Searches />
    </>
  );
}

/** A list that is loaded by itself: another may fail or take longer. */
function Listed<T>(props: {
  readonly title: string;
  readonly help?: string;
  readonly loaded: Loaded<readonly T[]>;
  readonly none: string;
  readonly children: (item: T) => ReactNode;
}) {
  const { title, help, loaded, none, children } = props;
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {help && <p className="fine">{help}</p>}
      {loaded.isLoading && <Loading />}
      {loaded.error !== undefined && <Fault error={loaded.error} retry={loaded.reload} />}
      {loaded.value?.length === 0 && <p>{none}</p>}
      {loaded.value && loaded.value.length > 0 && <ul>{loaded.value.map(children)}</ul>}
    </section>
  );
}

function PersonLink({ personId, name }: { readonly personId: string; readonly name: string }) {
  return (
    <a href={`#people/${personId}`}>
      <bdi>{name}</bdi>
    </a>
  );
}

function DueConsents() {
  const { api, gallery } = useGallery();
  const { galleryId } = gallery;
  const due = useLoad(
    async () => (await api.dueConsents()).filter((consent) => consent.galleryId === galleryId),
    galleryId,
  );
  return (
    <Listed title={texts.privacy.due} loaded={due} none={texts.privacy.noneDue}>
      {({ personId, name, consent }) => (
        <li key={personId}>
          <PersonLink personId={personId} name={name} />{' '}
          <span className="fine">{consent.until && texts.person.consentUntil(day(consent.until))}</span>
        </li>
      )}
    </Listed>
  );
}

function SoonForgotten() {
  const { api, gallery } = useGallery();
  const { galleryId } = gallery;
  const soon = useLoad(
    () => api.overdue(galleryId, new Date(Date.now() + SOON_DAYS * DAY_MS), SHOWN_PEOPLE),
    galleryId,
  );
  const { value, ...state } = soon;
  return (
    <Listed
      title={texts.privacy.soon}
      help={value?.next === undefined ? texts.privacy.soonHelp : texts.privacy.soonMore(SHOWN_PEOPLE)}
      loaded={value ? { ...state, value: value.people } : state}
      none={texts.privacy.noneSoon}
    >
      {({ personId, name, lastUsedAt }) => (
        <li key={personId}>
          <PersonLink personId={personId} name={name} />{' '}
          <span className="fine">{texts.privacy.lastUsed(day(lastUsedAt))}</span>
        </li>
      )}
    </Listed>
  );
}

function Searches() {
  const { api, gallery } = useGallery();
  const { galleryId } = gallery;
  const searches = useLoad(async () => {
    const records = await api.searchRecords(SHOWN_RECORDS);
    return records.filter((record) => record.gallery?.galleryId === galleryId && record.outcome === 'done');
  }, galleryId);
  return (
    <Listed title={texts.privacy.searches} loaded={searches} none={texts.privacy.noSearches}>
      {({ seq, at, keyId, named }) => {
        const people = [...new Set(named?.flat().map(({ personId }) => personId))];
        return (
          <li key={`${at} ${seq}`}>
            {moment(at)} · {people.length === 0 ? texts.privacy.namedNobody : texts.privacy.namedSome(people.length)}
            {people.map((personId, i) => (
              <span key={personId}>
                {i === 0 ? ': ' : ', '}
                <a href={`#people/${personId}`}>{texts.privacy.whom(i + 1)}</a>
              </span>
            ))}{' '}
            · <span className="fine">{texts.person.byKey(keyId)}</span>
          </li>
        );
      }}
    </Listed>
  );
}
