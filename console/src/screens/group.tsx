import { useRef, useState } from 'react';
import { ApiError } from '../api.ts';
import { GroupCard } from '../group-card.tsx';
import { FaceImage } from '../one-face.tsx';
import { type Pile, type PileFace, usePile } from '../pile.ts';
import { PileDrop } from '../pile-drop.tsx';
import { useGallery } from '../session.tsx';
import { texts } from '../texts.ts';
import { Empty, Fault, Loading, useLoad } from '../ui.tsx';
import { qualityInWords } from './identify.tsx';

interface Groups {
  readonly groups: readonly (readonly PileFace[])[];
  readonly alone: readonly PileFace[];
}

/** Sorted anew when a pile is complete, and when more was added to it. */
function useGroups(pile: Pile) {
  const { api } = useGallery();
  const good = pile.faces.filter(({ quality }) => quality.level !== 'low');
  return useLoad<Groups>(
    async () => {
      if (pile.isRunning || good.length === 0) return { groups: [], alone: [] };
      const { groups, alone } = await api.group(good.map(({ probeId }) => probeId));
      const members = (probeIds: readonly string[]): readonly PileFace[] => {
        const ids = new Set(probeIds);
        return good.filter(({ probeId }) => ids.has(probeId));
      };
      return { groups: groups.map(members), alone: members(alone) };
    },
    pile.isRunning ? 'running' : `${good.length} ${good[0]?.probeId} ${good.at(-1)?.probeId}`,
  );
}

export function Group() {
  const pile = usePile();
  const sorted = useGroups(pile);
  // By probe, so that it outlives another sorting
  const [added, setAdded] = useState<ReadonlyMap<string, string>>(new Map());
  const personIds = useRef(new Map<string, Promise<{ readonly personId: string; readonly isNew: boolean }>>());
  const poor = pile.faces.filter(({ quality }) => quality.level === 'low');
  const isSorted = pile.photos > 0 && !pile.isRunning && pile.fault === undefined;
  const { groups, alone } = sorted.value ?? { groups: [], alone: [] };
  const shared = {
    added,
    personIds: personIds.current,
    onAdded: (probeIds: readonly string[], personId: string) =>
      setAdded((before) => new Map([...before, ...probeIds.map((probeId) => [probeId, personId] as const)])),
  };
  return (
    <>
      <h1>{texts.group.title}</h1>
      <p className="lead">{texts.group.intro}</p>
      <PileDrop pile={pile} />
      {pile.photos === 0 && (
        <Empty title={texts.group.empty}>
          <p>{texts.group.emptyHelp}</p>
        </Empty>
      )}
      {isSorted && sorted.isLoading && <Loading />}
      {isSorted && sorted.error !== undefined && <GroupFault error={sorted.error} retry={sorted.reload} />}
      {isSorted && sorted.value && groups.length + alone.length === 0 && <Empty title={texts.group.none} />}
      {isSorted && sorted.value && groups.length + alone.length > 0 && (
        <p role="status">{texts.group.summary(groups.length, alone.length)}</p>
      )}
      {isSorted &&
        groups.map((faces, i) => (
          <GroupCard
            // The face that came first stays first when more photos join
            key={faces[0]?.probeId}
            title={texts.group.person(i + 1)}
            help={texts.group.help}
            faces={faces}
            startsChosen
            {...shared}
          />
        ))}
      {isSorted && alone.length > 0 && (
        <GroupCard
          key="alone"
          title={texts.group.alone}
          help={texts.group.aloneHelp}
          faces={alone}
          startsChosen={false}
          {...shared}
        />
      )}
      {isSorted && poor.length > 0 && <Poor faces={poor} />}
    </>
  );
}

function GroupFault({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  if (error instanceof ApiError && error.code === 'probe-not-found') {
    return (
      <p className="note note-bad" role="alert">
        {texts.pile.forgotten}
      </p>
    );
  }
  return <Fault error={error} retry={retry} />;
}

function Poor({ faces }: { readonly faces: readonly PileFace[] }) {
  return (
    <section className="card">
      <h2>{texts.group.poor}</h2>
      <p className="fine">{texts.group.poorHelp}</p>
      <ul className="tiles plain-tiles">
        {faces.map(({ probeId, url, file, quality }) => (
          <li key={probeId} className="tile-with-words">
            <FaceImage url={url} alt={texts.face.alt} />
            <span className="fine">
              <bdi>{file.name}</bdi>: {qualityInWords(quality)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
