import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Confirmed, day, Fault, Loading, moment, useLoad } from '../ui.tsx';

/** Of every gallery; those of this one are listed. */
const SHOWN_SEARCHES = 50;

export function Privacy() {
  const { api, gallery, refresh } = useGallery();
  const due = useLoad(() => api.dueConsents(), gallery.galleryId);
  const searches = useLoad(() => api.searches(SHOWN_SEARCHES), 'searches');
  const here = searches.value?.filter((record) => record.gallery?.galleryId === gallery.galleryId);
  const mine = due.value?.filter(({ galleryId }) => galleryId === gallery.galleryId);
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
      <section className="card">
        <h2>{texts.privacy.due}</h2>
        {due.isLoading && <Loading />}
        {due.error !== undefined && <Fault error={due.error} retry={due.reload} />}
        {mine?.length === 0 && <p>{texts.privacy.noneDue}</p>}
        <ul>
          {mine?.map(({ personId, name, consent }) => (
            <li key={personId}>
              <a href={`#people/${personId}`}>
                <bdi>{name}</bdi>
              </a>{' '}
              <span className="fine">{consent.until && texts.person.consentUntil(day(consent.until))}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <h2>{texts.privacy.searches}</h2>
        {searches.isLoading && <Loading />}
        {searches.error !== undefined && <Fault error={searches.error} retry={searches.reload} />}
        {here?.length === 0 && <p>{texts.privacy.noSearches}</p>}
        <ul>
          {here?.map(({ seq, at, keyId, named }) => {
            const people = new Set(named?.flat().map(({ personId }) => personId));
            return (
              <li key={`${at} ${seq}`}>
                {moment(at)} · {people.size === 0 ? texts.privacy.namedNobody : texts.privacy.namedSome(people.size)} ·{' '}
                <span className="fine">{texts.person.byKey(keyId)}</span>
              </li>
            );
          })}
        </ul>
      </section>
    </>
  );
}
