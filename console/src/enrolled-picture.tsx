import { useEffect, useState } from 'react';
import { useGallery } from './session.tsx';
import { texts } from './texts.ts';
import { FacePicture } from './ui.tsx';

/** The first picture that is kept of a person, to hold beside a face. */
export function EnrolledPicture({ personId, name }: { readonly personId: string; readonly name: string }) {
  const { api, gallery } = useGallery();
  const [faceId, setFaceId] = useState<string>();
  useEffect(() => {
    if (!gallery.keepPhotos) return;
    let isWanted = true;
    api.faces(gallery.galleryId, personId).then(
      (faces) => isWanted && setFaceId(faces.find(({ hasPhoto }) => hasPhoto)?.faceId),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [api, gallery, personId]);
  return (
    <figure className="face-figure">
      <FacePicture
        galleryId={gallery.galleryId}
        personId={personId}
        name={name}
        isKept={faceId !== undefined}
        {...(faceId ? { faceId } : {})}
      />
      <figcaption>{texts.identify.enrolled}</figcaption>
    </figure>
  );
}
