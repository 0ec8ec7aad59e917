import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Action, Empty, FacePicture, Fault } from '../ui.tsx';
import type { DuplicatePair } from '../wire.ts';

export function Duplicates() {
  const { api, gallery, refresh } = useGallery();
  const { galleryId } = gallery;
  const [pairs, setPairs] = useState<readonly DuplicatePair[]>();
  const [remaining, setRemaining] = useState<number>();
  const [fault, setFault] = useState<unknown>();

  const look = async (): Promise<void> => {
    setFault(undefined);
    setMerged(undefined);
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
  const [merged, setMerged] = useState<{ readonly mergeId: string; readonly pair: DuplicatePair }>();
  const merge = async (pair: DuplicatePair): Promise<void> => {
    const [first, second] = pair.people;
    if (!first || !second) return;
    setFault(undefined);
    try {
      const { mergeId } = await api.merge(galleryId, first.personId, second.personId);
      setMerged({ mergeId, pair });
      // Whoever was given up is in no other pair any more
      setPairs((before) =>
        before?.filter(({ people }) => !people.some(({ personId }) => personId === second.personId)),
      );
      await refresh();
    } catch (error) {
      setFault(error);
    }
  };
  const undo = async (mergeId: string, pair: DuplicatePair): Promise<void> => {
    setFault(undefined);
    try {
      await api.undoMerge(galleryId, mergeId);
      setMerged(undefined);
      setPairs((before) => [pair, ...(before ?? [])]);
      await refresh();
    } catch (error) {
      setFault(error);
    }
  };
  const drop = (pair: DuplicatePair): void => setPairs((before) => before?.filter((other) => other !== pair));

  return (
    <>
      <h1>{texts.duplicates.title}</h1>
      <p className="lead">{texts.duplicates.intro}</p>
      <Action onPress={() => void look()} isPending={remaining !== undefined}>
        {remaining === undefined ? texts.duplicates.look : texts.duplicates.looking(remaining)}
      </Action>
      {fault !== undefined && <Fault error={fault} retry={() => void look()} />}
      {merged && (
        <p className="note row" role="status">
          <bdi>{texts.duplicates.merged(merged.pair.people[1]?.name ?? '', merged.pair.people[0]?.name ?? '')}</bdi>
          <Button className="button" onPress={() => void undo(merged.mergeId, merged.pair)}>
            {texts.person.undo}
          </Button>
        </p>
      )}
      {pairs?.length === 0 && remaining === undefined && fault === undefined && <Empty title={texts.duplicates.none} />}
      {pairs?.map((pair) => (
        <Pair key={keyOf(pair)} pair={pair} dismiss={() => drop(pair)} merge={() => merge(pair)} />
      ))}
    </>
  );
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
  readonly dismiss: () => void;
}) {
  const { pair, merge, dismiss } = props;
  const { gallery } = useGallery();
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
        <Button className="button" onPress={dismiss}>
          {texts.duplicates.different}
        </Button>
      </div>
    </section>
  );
}
