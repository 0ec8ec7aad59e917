// Photos of somebody who is known: one after the other, until the page is left.
import { useEffect, useRef, useState } from 'react';
import { Button, FileTrigger } from 'react-aria-components';
import { isOutage } from './enrol-many.ts';
import { type Refusal, Refusals } from './refusals.tsx';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { Fault } from './ui.tsx';

export function AddFaces({ personId, done }: { readonly personId: string; readonly done: () => Promise<void> }) {
  const { api, gallery } = useGallery();
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [fault, setFault] = useState<unknown>();
  const [progress, setProgress] = useState<readonly [done: number, of: number]>();
  const isLeft = useRef(false);
  useEffect(() => {
    isLeft.current = false;
    return () => {
      isLeft.current = true;
    };
  }, []);

  const add = async (files: readonly File[]): Promise<void> => {
    setRefused([]);
    setFault(undefined);
    for (const [id, file] of files.entries()) {
      if (isLeft.current) return;
      setProgress([id, files.length]);
      try {
        await api.enrol(gallery.galleryId, personId, file);
      } catch (error) {
        // What the next photo would meet too
        if (isOutage(error)) {
          setFault(error);
          break;
        }
        setRefused((before) => [...before, { id, name: file.name, error }]);
      }
    }
    setProgress(undefined);
    await done();
  };

  return (
    <>
      <FileTrigger
        acceptedFileTypes={['image/jpeg', 'image/png', 'image/gif', 'image/bmp', 'image/webp']}
        allowsMultiple
        onSelect={(files) => void add([...(files ?? [])])}
      >
        <Button className="button button-main" isPending={progress !== undefined}>
          {progress ? texts.add.progress(...progress) : texts.person.addPhotos}
        </Button>
      </FileTrigger>
      {fault !== undefined && <Fault error={fault} />}
      {refused.length > 0 && (
        <section className="card" role="alert">
          <h2>{texts.add.refusals}</h2>
          <Refusals refused={refused} />
        </section>
      )}
    </>
  );
}
