import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { DismissedPairs, SHOWN_FIRST } from '../dismissed-pairs.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Empty, FacePicture, Fault, useLoad } from '../ui.tsx';
import type { DuplicatePair } from '../wire.ts';

/** What was decided last, for as long as a slip is undone where it happened. */
interface Decided {
  readonly words: string;
  readonly undo: () => Promise<void>;
  readonly pair: DuplicatePair;
}

export function Duplicates() {
  const { api, gallery, refresh } = useGallery();
  const { galleryId } = gallery;
  const [pairs, setPairs] = useState<readonly DuplicatePair[]>();
  const [remaining, setRemaining] = useState<number>();
  const [fault, setFault] = useState<unknown>();
  const [decided, setDecided] = useState<Decided>();
  const [shown, setShown] = useState(SHOWN_FIRST);
  const dismissed = useLoad(() => api.dismissedPairs(galleryId, shown), galleryId);
  const list = useFocusOnNext(pairs);

  const look = async (): Promise<void> => {
    setFault(undefined);
    setDecided(undefined);
    setPairs([]);
    const known = new Set<string>();
    try {
      for (let after: number | undefined; ; ) {
        const answer = await api.duplicates(galleryId, after);
        const fresh = answer.pairs.filter((pair) => {
          const id = keyOf(pair);
          return !known.has(id) && known.add(id);
        });
        setPairs((before) => [...(before ?? []), ...fresh].sort((a, b) => b.score - a.score));
        setRemaining(answer.next === undefined ? undefined : answer.remaining);
        if (answer.next === undefined) return;
        after = answer.next;
      }
    } catch (error) {
      setFault(error);
      setRemaining(undefined);
    }
  };
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    setFault(undefined);
    await act().catch(setFault);
  };
  const merge = (pair: DuplicatePair): Promise<void> =>
    attempt(async () => {
      const [first, second] = pair.people;
      if (!first || !second) return;
      const { mergeId } = await api.merge(galleryId, first.personId, second.personId);
      const undo = async () => void (await api.undoMerge(galleryId, mergeId));
      setDecided({ words: texts.duplicates.merged(second.name, first.name), undo, pair });
      // Whoever was given up is in no other pair any more
      setPairs((before) =>
        before?.filter(({ people }) => !people.some(({ personId }) => personId === second.personId)),
      );
      dismissed.reload();
      await refresh();
    });
  const dismiss = (pair: DuplicatePair): Promise<void> =>
    attempt(async () => {
      const [first, second] = pair.people;
      if (!first || !second) return;
      await api.dismissPair(galleryId, first.personId, second.personId);
      const undo = () => api.restorePair(galleryId, first.personId, second.personId);
      setDecided({ words: texts.duplicates.dismissed(first.name, second.name), undo, pair });
      list.focusAfter(pairs?.indexOf(pair) ?? 0);
      setPairs((before) => before?.filter((other) => other !== pair));
      dismissed.reload();
    });
  const undo = ({ undo: takeBack, pair }: Decided): Promise<void> =>
    attempt(async () => {
      await takeBack();
      setDecided(undefined);
      setPairs((before) => [pair, ...(before ?? [])]);
      dismissed.reload();
      await refresh();
    });

  return (
    <>
      <h1>{texts.duplicates.title}</h1>
      <p className="lead">{texts.duplicates.intro}</p>
      <Action onPress={() => void look()} isPending={remaining !== undefined}>
        {remaining === undefined ? texts.duplicates.look : texts.duplicates.looking(remaining)}
      </Action>
      {fault !== undefined && <Fault error={fault} retry={() => void look()} />}
      {decided && (
        <p className="note row" role="status">
          <bdi>{decided.words}</bdi>
          <Button className="button" onPress={() => undo(decided)}>
            {texts.person.undo}
          </Button>
        </p>
      )}
      {pairs?.length === 0 && remaining === undefined && fault === undefined && (
        <Empty title={decided ? texts.duplicates.noneLeft : texts.duplicates.none} />
      )}
      <div ref={list.ref} className="stack">
        {pairs?.map((pair) => (
          <Pair key={keyOf(pair)} pair={pair} dismiss={() => dismiss(pair)} merge={() => merge(pair)} />
        ))}
      </div>
      <DismissedPairs
        loaded={dismissed}
        more={() => {
          setShown((before) => before + SHOWN_FIRST);
          dismissed.reload();
        }}
        restore={async (personId, otherId) => {
          await api.restorePair(galleryId, personId, otherId);
          setDecided(undefined);
          dismissed.reload();
        }}
      />
    </>
  );
}

/** Whoever goes through the pairs by keyboard is at the next one's same button when one is gone. */
function useFocusOnNext(pairs: readonly DuplicatePair[] | undefined) {
  const ref = useRef<HTMLDivElement>(null);
  const at = useRef<number>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once the list has changed
  useEffect(() => {
    if (at.current === undefined || !ref.current) return;
    const cards = ref.current.children;
    const next = cards[Math.min(at.current, cards.length - 1)]?.querySelector<HTMLElement>('button:last-of-type');
    (next ?? ref.current.closest('main'))?.focus();
    at.current = undefined;
  }, [pairs]);
  return {
    ref,
    focusAfter: (index: number): void => {
      at.current = index;
    },
  };
}

function keyOf({ people }: DuplicatePair): string {
  return people
    .map(({ personId }) => personId)
    .sort()
    .join(' ');
}

function Pair(props: {
  readonly pair: DuplicatePair;
  readonly merge: () => Promise<void>;
  readonly dismiss: () => Promise<void>;
}) {
  const { pair, merge, dismiss } = props;
  const { gallery } = useGallery();
  const [isBusy, setBusy] = useState(false);
  return (
    <section className="card" aria-label={pair.people.map(({ name }) => name).join(', ')}>
      <div className="pair">
        {pair.people.map(({ personId, faceId, name }) => (
          <figure key={personId} className="face-figure">
            <FacePicture
              galleryId={gallery.galleryId}
              personId={personId}
              faceId={faceId}
              name={name}
              isKept={gallery.keepPhotos}
            />
            <figcaption>
              <a href={`#people/${personId}`}>
                <bdi>{name}</bdi>
              </a>
            </figcaption>
          </figure>
        ))}
      </div>
      <p className="fine">{texts.duplicates.chance(pair.expectedByChance)}</p>
      <div className="row">
        <Action onPress={merge}>{texts.duplicates.same}</Action>
        <Button
          className="button"
          isPending={isBusy}
          onPress={async () => {
            setBusy(true);
            await dismiss();
            setBusy(false);
          }}
        >
          {texts.duplicates.different}
        </Button>
      </div>
    </section>
  );
}
