import { useState } from 'react';
import {
  Button,
  type DirectoryDropItem,
  type DropItem,
  DropZone,
  type FileDropItem,
  FileTrigger,
  Text,
} from 'react-aria-components';
import { Camera } from './camera.tsx';
import { texts } from './texts.ts';
import { Fault } from './ui.tsx';

/** A photo, and the names of the folders it lay in, outermost first. */
export interface PickedPhoto {
  readonly file: File;
  readonly folders: readonly string[];
}

const READ_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/bmp', 'image/webp'];
const PHOTO = /\.(jpe?g|png|gif|bmp|webp)$/i;

/** Photos by drag, by a dialog or folders of them. Of files that are no photos it is told how many were left out. */
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
  const [leftOut, setLeftOut] = useState(0);
  const [isEmpty, setEmpty] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const pickFiles = (list: FileList | null): void => {
    const files = [...(list ?? [])].map((file) => ({
      file,
      folders: file.webkitRelativePath.split('/').slice(0, -1),
    }));
    const photos = files.filter(({ file }) => isPhoto(file));
    setFault(undefined);
    setLeftOut(files.filter(({ file }) => !isHidden(file)).length - photos.length);
    onPick(photos);
  };
  const drop = async (items: readonly DropItem[]): Promise<void> => {
    setReading(true);
    setFault(undefined);
    const into: Collected = { photos: [], leftOut: 0 };
    try {
      for (const item of items) {
        if (item.kind === 'file') await collectFile(item, [], into);
        if (item.kind === 'directory') await collectFolder(item, [], into);
      }
    } catch (error) {
      // As when a folder goes while it is read: what was found until then is taken
      setFault(error);
    }
    setReading(false);
    setLeftOut(into.leftOut);
    setEmpty(into.photos.length + into.leftOut === 0);
    onPick(into.photos);
  };
  const zone = (
    <DropZone className="drop" onDrop={({ items }) => void drop(items)}>
      <Text slot="label" className="drop-title">
        {isReading ? texts.loading : label}
      </Text>
      <div className="row row-centre">
        <FileTrigger acceptedFileTypes={READ_TYPES} allowsMultiple onSelect={pickFiles}>
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
      {fault !== undefined && <Fault error={fault} />}
      {(leftOut > 0 || isEmpty) && (
        <p className="fine" role="status">
          {leftOut > 0 ? texts.add.notPhotos(leftOut) : texts.add.noneDropped}
        </p>
      )}
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

interface Collected {
  photos: PickedPhoto[];
  leftOut: number;
}

/** What systems lay into folders by themselves, which nobody misses. */
function isHidden({ name }: { readonly name: string }): boolean {
  return name.startsWith('.') || /^(thumbs\.db|desktop\.ini)$/i.test(name);
}

function isPhoto(file: { readonly name: string; readonly type: string }): boolean {
  return !isHidden(file) && (READ_TYPES.includes(file.type) || PHOTO.test(file.name));
}

async function collectFile(item: FileDropItem, folders: readonly string[], into: Collected): Promise<void> {
  if (isPhoto(item)) into.photos.push({ file: await item.getFile(), folders });
  else if (!isHidden(item)) into.leftOut++;
}

async function collectFolder(item: DirectoryDropItem, above: readonly string[], into: Collected): Promise<void> {
  const folders = [...above, item.name];
  for await (const entry of item.getEntries()) {
    if (entry.kind === 'file') await collectFile(entry, folders, into);
    else await collectFolder(entry, folders, into);
  }
}
