import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { Api, Gallery } from './api.ts';

export interface Session {
  readonly api: Api;
  readonly galleries: readonly Gallery[];
  /** The one that is looked at. */
  readonly gallery: Gallery | undefined;
  choose(galleryId: string): void;
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
  const [chosen, setChosen] = useState<string | undefined>(props.galleries[0]?.galleryId);
  const refresh = useCallback(async () => setGalleries(await api.galleries()), [api]);
  useEffect(() => {
    if (!galleries.some(({ galleryId }) => galleryId === chosen)) setChosen(galleries[0]?.galleryId);
  }, [galleries, chosen]);
  const session = useMemo(
    () => ({
      api,
      galleries,
      gallery: galleries.find(({ galleryId }) => galleryId === chosen),
      choose: setChosen,
      refresh,
      signOut,
    }),
    [api, galleries, chosen, refresh, signOut],
  );
  return <Context.Provider value={session}>{props.children}</Context.Provider>;
}
