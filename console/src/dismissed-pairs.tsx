// Who was said to be two people, and how that is taken back.
import { useRef, useState } from 'react';
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { day, FacePicture, Fault, type Loaded, Loading } from './ui.tsx';
import type { DismissedPage, DismissedPair } from './wire.ts';

/** The latest, and as many more each time that more are asked for. */
export const SHOWN_FIRST = 50;

export function DismissedPairs(props: {
  readonly loaded: Loaded<DismissedPage>;
  readonly more: () => void;
  readonly restore: (personId: string, otherId: string) => Promise<void>;
}) {
  const { loaded, more, restore } = props;
  const { value, error } = loaded;
  const section = useRef<HTMLElement>(null);
  const [fault, setFault] = useState<unknown>();
  const takeBack = async ({ people: [first, second] }: DismissedPair): Promise<void> => {
    if (!first || !second) return;
    setFault(undefined);
    try {
      await restore(first.personId, second.personId);
      // The button that had the focus goes with its pair
      section.current?.focus();
    } catch (reason) {
      setFault(reason);
    }
  };
  return (
    <section ref={section} className="card" aria-labelledby="dismissed" tabIndex={-1}>
      <h2 id="dismissed">{texts.dismissed.title}</h2>
      {loaded.isLoading && <Loading />}
      {error !== undefined && <Fault error={error} retry={loaded.reload} />}
      {fault !== undefined && <Fault error={fault} />}
      {error === undefined && value?.total === 0 && <p className="fine">{texts.dismissed.none}</p>}
      {error === undefined && value !== undefined && value.total > 0 && (
        <Disclosure>
          <Heading level={3}>
            <Button slot="trigger" className="link">
              {texts.dismissed.count(value.total)}
            </Button>
          </Heading>
          <DisclosurePanel>
            <ul className="plain dismissed">
              {value.pairs.map((pair) => (
                <Dismissed
                  key={pair.people.map(({ personId }) => personId).join(' ')}
                  pair={pair}
                  takeBack={takeBack}
                />
              ))}
            </ul>
            {value.next !== undefined && (
              <Button className="link" onPress={more}>
                {texts.dismissed.more}
              </Button>
            )}
          </DisclosurePanel>
        </Disclosure>
      )}
    </section>
  );
}

function Dismissed(props: { readonly pair: DismissedPair; readonly takeBack: (pair: DismissedPair) => Promise<void> }) {
  const { pair, takeBack } = props;
  const { gallery } = useGallery();
  const [isBusy, setBusy] = useState(false);
  return (
    <li className="dismissed-pair">
      <span className="dismissed-faces">
        {pair.people.map(({ personId, faceId, name }) => (
          <FacePicture
            key={personId}
            galleryId={gallery.galleryId}
            personId={personId}
            {...(faceId ? { faceId } : {})}
            name={name}
            isKept={gallery.keepPhotos}
          />
        ))}
      </span>
      <span className="grow">
        {pair.people.map(({ personId, name }, i) => (
          <span key={personId}>
            {i > 0 && ` ${texts.dismissed.and} `}
            <a href={`#people/${personId}`}>
              <bdi>{name}</bdi>
            </a>
          </span>
        ))}{' '}
        <span className="fine">{day(pair.dismissedAt)}</span>
      </span>
      <Button
        className="button button-small"
        aria-label={texts.dismissed.takeBackOf(pair.people.map(({ name }) => name))}
        isPending={isBusy}
        onPress={async () => {
          setBusy(true);
          await takeBack(pair);
          setBusy(false);
        }}
      >
        {texts.dismissed.takeBack}
      </Button>
    </li>
  );
}
