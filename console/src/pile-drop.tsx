// Where a pile of photos is dropped, and how far looking at them has come.
import { Button, ProgressBar } from 'react-aria-components';
import { PhotoDrop } from './photo-drop.tsx';
import type { Pile } from './pile.ts';
import { Refusals } from './refusals.tsx';
import { texts } from './texts.ts';
import { Fault } from './ui.tsx';

export function PileDrop({ pile }: { readonly pile: Pile }) {
  return (
    <>
      <PhotoDrop
        label={texts.pile.drop}
        choose={texts.pile.choose}
        chooseFolder={texts.pile.folder}
        onPick={(photos) => pile.add(photos.map(({ file }) => file))}
      />
      {pile.photos > 0 && <Progress pile={pile} />}
      {pile.fault !== undefined && <Fault error={pile.fault} retry={pile.goOn} />}
      {pile.isFull && (
        <p className="note" role="status">
          {texts.pile.full}
        </p>
      )}
      {pile.refused.length > 0 && (
        <section className="card">
          <h2>{texts.pile.refused}</h2>
          <Refusals
            refused={pile.refused.map(({ file, error }) => ({
              id: `${file.name} ${file.size} ${file.lastModified}`,
              name: file.name,
              error,
            }))}
          />
        </section>
      )}
    </>
  );
}

function Progress({ pile }: { readonly pile: Pile }) {
  const { done, photos, faces, faceless } = pile;
  return (
    <section className="card">
      <ProgressBar className="progress" value={done} maxValue={photos} aria-label={texts.pile.label}>
        {({ percentage }) => (
          <>
            <strong>{texts.pile.progress(done, photos)}</strong>
            <progress className="track" value={percentage ?? 0} max={100} aria-hidden="true" />
          </>
        )}
      </ProgressBar>
      <p className="fine">
        {texts.pile.found(faces.length)}
        {faceless > 0 && `; ${texts.pile.faceless(faceless)}`}. {texts.pile.kept}
      </p>
      <Button className="button" onPress={pile.clear}>
        {texts.pile.clear}
      </Button>
    </section>
  );
}
