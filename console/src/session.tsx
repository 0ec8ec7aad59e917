import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import type { Api } from './api.ts';
import type { Gallery, PeopleWanted } from './wire.ts';

/** What a list of people shows. */
export interface PeopleAbout {
  readonly text: string;
  readonly order: NonNullable<PeopleWanted['order']>;
}

export interface PeoplePlace {
  readonly galleryId: string;
  readonly about: PeopleAbout;
  /** Who was in the upper left corner. */
  readonly first: number;
}

export interface Session {
  readonly api: Api;
  readonly galleries: readonly Gallery[];
  /** The one that is looked at. */
  readonly gallery: Gallery | undefined;
  choose(galleryId: string): void;
  /** Where the list of people was left: who looks at one of them comes back there. */
  readonly peoplePlace: { current: PeoplePlace | undefined };
  /** After something was added or erased. */
  refresh(): Promise<void>;
  signOut(): void;
}

const Context = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('nobody is signed in');
  return session;
}

/** For pages that are shown only when there is a gallery. */
export function useGallery(): Session & { readonly gallery: Gallery } {
  const session = useSession();
  if (!session.gallery) throw new Error('there is no gallery');
  return { ...session, gallery: session.gallery };
}

export function SessionProvider(props: {
  readonly api: Api;
  readonly galleries: readonly Gallery[];
  readonly signOut: () => void;
  readonly children: ReactNode;
}) {
  const { api, signOut } = props;
  const [galleries, setGalleries] = useState(props.galleries);
  const [chosen, setChosen] = useState(props.galleries[0]?.galleryId);
  const peoplePlace = useRef<PeoplePlace>(undefined);
  const latestChosen = useRef(chosen);
  latestChosen.current = chosen;
  const refresh = useCallback(async () => {
    const found = await api.galleries();
    setGalleries((before) => {
      // Another page than the one that is looked at would come with what was typed and dropped lost: it says itself
      // that the gallery is gone, or out of the key's sight
      const gone = before.find(({ galleryId }) => galleryId === latestChosen.current);
      return gone && !found.some(({ galleryId }) => galleryId === gone.galleryId) ? [...found, gone] : found;
    });
  }, [api]);
  const session = useMemo(
    () => ({
      api,
      galleries,
      gallery: galleries.find(({ galleryId }) => galleryId === chosen),
      choose: setChosen,
      peoplePlace,
      refresh,
      signOut,
    }),
    [api, galleries, chosen, refresh, signOut],
  );
  return <Context.Provider value={session}>{props.children}</Context.Provider>;
}
