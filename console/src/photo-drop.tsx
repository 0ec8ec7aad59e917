import { useState } from 'react';
import { Button, type DirectoryDropItem, DropZone, type FileDropItem, FileTrigger, Text } from 'react-aria-components';
import { Camera } from './camera.tsx';
import { texts } from './texts.ts';

/** A photo, and the names of the folders it lay in, outermost first. */
export interface PickedPhoto {
  readonly file: File;
  readonly folders: readonly string[];
}

const PHOTO = /\.(jpe?g|png|gif|bmp|webp)$/i;

/** Photos by drag, by a dialog or, where `withFolders`, folders of them. Files that are no photos are passed over. */
export function PhotoDrop(props: {
  readonly label: string;
  readonly choose: string;
  readonly chooseFolder?: string;
  /** Its picture is to show one person, or anybody; without it there is no camera. */
  readonly camera?: 'one' | 'any';
  readonly onPick: (photos: readonly PickedPhoto[]) => void;
}) {
  const { label, choose, chooseFolder, camera, onPick } = props;
  const [isReading, setReading] = useState(false);
  const [isCameraOpen, setCameraOpen] = useState(false);
  const pickFiles = (list: FileList | null): void => {
    const photos = [...(list ?? [])].map((file) => ({
      file,
      folders: file.webkitRelativePath.split('/').slice(0, -1),
    }));
    onPick(photos.filter(({ file }) => isPhoto(file)));
  };
  const zone = (
    <DropZone
      className="drop"
      onDrop={async ({ items }) => {
        setReading(true);
        const found: PickedPhoto[] = [];
        for (const item of items) {
          if (item.kind === 'file') await collectFile(item, [], found);
          if (item.kind === 'directory') await collectFolder(item, [], found);
        }
        setReading(false);
        onPick(found);
      }}
    >
      <Text slot="label" className="drop-title">
        {isReading ? texts.loading : label}
      </Text>
      <div className="row row-centre">
        <FileTrigger
          acceptedFileTypes={['image/jpeg', 'image/png', 'image/gif', 'image/bmp', 'image/webp']}
          allowsMultiple
          onSelect={pickFiles}
        >
          <Button className="button button-main">{choose}</Button>
        </FileTrigger>
        {chooseFolder && (
          <FileTrigger acceptDirectory onSelect={pickFiles}>
            <Button className="button">{chooseFolder}</Button>
          </FileTrigger>
        )}
        {camera && !isCameraOpen && (
          <Button className="button" onPress={() => setCameraOpen(true)}>
            {texts.camera.open}
          </Button>
        )}
      </div>
    </DropZone>
  );
  if (!isCameraOpen) return zone;
  return (
    <>
      {zone}
      <Camera
        isOfOne={camera === 'one'}
        onClose={() => setCameraOpen(false)}
        onTake={(file) => {
          // Several pictures of one person make the answers better; one is enough to ask who it is
          if (camera === 'any') setCameraOpen(false);
          onPick([{ file, folders: [] }]);
        }}
      />
    </>
  );
}

function isPhoto({ name, type }: { readonly name: string; readonly type: string }): boolean {
  return !name.startsWith('.') && (type.startsWith('image/') || PHOTO.test(name));
}

async function collectFile(item: FileDropItem, folders: readonly string[], into: PickedPhoto[]): Promise<void> {
  if (isPhoto(item)) into.push({ file: await item.getFile(), folders });
}

async function collectFolder(item: DirectoryDropItem, above: readonly string[], into: PickedPhoto[]): Promise<void> {
  const folders = [...above, item.name];
  for await (const entry of item.getEntries()) {
    if (entry.kind === 'file') await collectFile(entry, folders, into);
    else await collectFolder(entry, folders, into);
  }
}
