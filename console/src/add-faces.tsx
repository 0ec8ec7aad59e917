// Photos of somebody who is known: one after the other, until the page is left.
import { useEffect, useRef, useState } from 'react';
import { isOutage } from './describe-error.ts';
import { PhotoDrop, type PickedPhoto } from './photo-drop.tsx';
import { type Refusal, Refusals } from './refusals.tsx';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { Fault } from './ui.tsx';

export function AddFaces({ personId, done }: { readonly personId: string; readonly done: () => Promise<void> }) {
  const { api, gallery } = useGallery();
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [fault, setFault] = useState<unknown>();
  const [added, setAdded] = useState<{ readonly done: number; readonly of: number }>();
  const queue = useRef<File[]>([]);
  const isRunning = useRef(false);
  const isLeft = useRef(false);
  useEffect(() => {
    isLeft.current = false;
    return () => {
      isLeft.current = true;
    };
  }, []);

  const run = async (): Promise<void> => {
    if (isRunning.current) return;
    isRunning.current = true;
    setFault(undefined);
    for (let file = queue.current.shift(); file && !isLeft.current; file = queue.current.shift()) {
      const { name } = file;
      try {
        await api.enrol(gallery.galleryId, personId, file);
      } catch (error) {
        if (isOutage(error)) {
          // The next photo would meet it too
          queue.current.unshift(file);
          setFault(error);
          break;
        }
        setRefused((before) => [...before, { id: before.length, name, error }]);
      }
      setAdded((before) => before && { ...before, done: before.done + 1 });
    }
    isRunning.current = false;
    if (isLeft.current) return;
    if (queue.current.length === 0) setAdded(undefined);
    await done();
  };

  const add = (picked: readonly PickedPhoto[]): void => {
    if (picked.length === 0) return;
    // What was said of the photos before is over, unless they are still under way
    if (!isRunning.current) setRefused([]);
    queue.current.push(...picked.map(({ file }) => file));
    setAdded((before) => ({ done: before?.done ?? 0, of: (before?.of ?? 0) + picked.length }));
    void run();
  };

  return (
    <>
      <PhotoDrop label={texts.person.dropPhotos} choose={texts.person.addPhotos} camera="one" onPick={add} />
      {added && <p role="status">{texts.add.progress(added.done, added.of)}</p>}
      {fault !== undefined && <Fault error={fault} retry={() => void run()} />}
      {refused.length > 0 && (
        <section className="card" role="alert">
          <h2>{texts.add.refusals}</h2>
          <Refusals refused={refused} />
        </section>
      )}
    </>
  );
}
