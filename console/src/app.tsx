import { type ComponentType, useCallback, useEffect, useState } from 'react';
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components';
import { type Api, createApi } from './api.ts';
import icon from './icon.svg';
import { AddPhotos } from './screens/add-photos.tsx';
import { Duplicates } from './screens/duplicates.tsx';
import { FirstRun } from './screens/first-run.tsx';
import { Health } from './screens/health.tsx';
import { Identify } from './screens/identify.tsx';
import { Keys } from './screens/keys.tsx';
import { People } from './screens/people.tsx';
import { PersonPage } from './screens/person.tsx';
import { Privacy } from './screens/privacy.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { SessionProvider, useSession } from './session.tsx';
import { texts } from './texts.ts';
import { Fault, Loading, useLoad } from './ui.tsx';
import type { Gallery } from './wire.ts';

type Page = keyof typeof texts.nav;
const PAGES = Object.keys(texts.nav) as Page[];

export function App() {
  const [entry, setEntry] = useState<{ readonly api: Api; readonly galleries: readonly Gallery[] }>();
  const signOut = useCallback(() => setEntry(undefined), []);
  if (!entry) {
    return (
      <SignIn
        signIn={async (key) => {
          const api = createApi(key);
          setEntry({ api, galleries: await api.galleries() });
        }}
      />
    );
  }
  return (
    <SessionProvider api={entry.api} galleries={entry.galleries} signOut={signOut}>
      <Shell />
    </SessionProvider>
  );
}

function readHash(): string {
  return window.location.hash.slice(1);
}

/** `#people/<id>`: what is looked at, never the key. */
function usePlace(): readonly [string, string | undefined] {
  const [hash, setHash] = useState(readHash);
  useEffect(() => {
    const listen = (): void => setHash(readHash());
    window.addEventListener('hashchange', listen);
    return () => window.removeEventListener('hashchange', listen);
  }, []);
  const [page = '', id] = hash.split('/');
  return [page, id];
}

function Shell() {
  const { galleries, gallery, choose, signOut } = useSession();
  const [place, id] = usePlace();
  const page = PAGES.find((known) => known === place) ?? 'identify';
  const isNew = place === 'new' || !gallery;
  const title = isNew ? texts.firstRun.title : texts.nav[page];
  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
    // On a narrow screen the pages lie in one row that is longer than it
    document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [title]);
  // What had the focus may be gone with the page before: then it begins at the page that is here
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of place
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true });
  }, [place, id]);
  return (
    <div className="shell">
      <Button className="skip" onPress={() => document.getElementById('main')?.focus()}>
        {texts.skip}
      </Button>
      <header className="side">
        <div className="brand">
          <img src={icon} alt="" width="28" height="28" /> {texts.product}
        </div>
        {gallery && (
          <Select
            className="gallery-select"
            selectedKey={gallery.galleryId}
            onSelectionChange={(key) => {
              if (key === NEW) window.location.hash = 'new';
              else if (key) {
                choose(String(key));
                // Nobody of one gallery is in another
                if (page === 'people' && id) window.location.hash = 'people';
                if (isNew) window.location.hash = 'identify';
              }
            }}
          >
            <Label>{texts.gallery}</Label>
            <Button className="select-button">
              <SelectValue className="select-value" />
              <span aria-hidden="true">▾</span>
            </Button>
            <Popover className="popover">
              <ListBox className="list-box">
                {galleries.map(({ galleryId, name }) => (
                  <ListBoxItem key={galleryId} id={galleryId} textValue={name} className="list-item">
                    <bdi>{name}</bdi>
                  </ListBoxItem>
                ))}
                <ListBoxItem id={NEW} className="list-item">
                  {texts.newGallery}
                </ListBoxItem>
              </ListBox>
            </Popover>
          </Select>
        )}
        {gallery && (
          <nav aria-label={texts.menu}>
            <ul>
              {PAGES.map((known) => (
                <li key={known}>
                  <a href={`#${known}`} aria-current={!isNew && known === page ? 'page' : undefined}>
                    {texts.nav[known]}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        )}
        <Button className="link sign-out" onPress={signOut}>
          {texts.signOut}
        </Button>
      </header>
      <main id="main" tabIndex={-1}>
        {isNew ? <FirstRun /> : <Screen key={gallery.galleryId} page={page} id={id} />}
      </main>
    </div>
  );
}

/** A screen that is fetched when it is first looked at. */
function Later({ screen, load }: { readonly screen: Page; readonly load: () => Promise<ComponentType> }) {
  // In an object, for React takes a function for a way to make the state
  const loaded = useLoad(async () => ({ Loaded: await load() }), screen);
  if (loaded.error !== undefined) return <Fault error={loaded.error} retry={loaded.reload} />;
  if (!loaded.value) return <Loading />;
  return <loaded.value.Loaded />;
}

/** No gallery has this id: ids have no colon. */
const NEW = ':new';

function Screen({ page, id }: { readonly page: Page; readonly id: string | undefined }) {
  switch (page) {
    case 'identify':
      return <Identify />;
    case 'compare':
      return <Later screen={page} load={async () => (await import('./screens/compare.tsx')).Compare} />;
    case 'similar':
      return <Later screen={page} load={async () => (await import('./screens/similar.tsx')).Similar} />;
    case 'group':
      return <Later screen={page} load={async () => (await import('./screens/group.tsx')).Group} />;
    case 'people':
      return id ? <PersonPage personId={id} key={id} /> : <People />;
    case 'add':
      return <AddPhotos />;
    case 'duplicates':
      return <Duplicates />;
    case 'privacy':
      return <Privacy />;
    case 'keys':
      return <Keys />;
    case 'health':
      return <Health />;
  }
}
