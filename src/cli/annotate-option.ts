import { mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { FaceMark } from './annotate/annotate-photo.ts';
import { STDIN } from './image-file.ts';
import { UsageError } from './usage-error.ts';

export interface PhotoAnnotator {
  /** Draws the marks on the photo; answers the path of the picture. */
  annotate(file: string, image: Uint8Array, marks: readonly FaceMark[]): Promise<string>;
}

/** `--annotate out.png` for one photo, `--annotate folder` for several. Refused before any work is done. */
export async function openAnnotator(
  target: string | undefined,
  files: readonly string[],
): Promise<PhotoAnnotator | undefined> {
  if (target === undefined) return undefined;
  const isPicture = extname(target).toLowerCase() === '.png';
  if (files.length > 1 && isPicture) {
    throw new UsageError(`${target} is one picture for ${files.length} photos: name a folder for --annotate.`);
  }
  if (files.some((file) => file !== STDIN && resolve(file) === resolve(target))) {
    throw new UsageError(`${target} is the photo itself: name another file for --annotate.`);
  }
  if (!isPicture && extname(target) !== '' && files.length === 1) {
    throw new UsageError(`--annotate writes PNG: let ${target} end in .png, or name a folder.`);
  }
  if (!isPicture) await mkdir(target, { recursive: true });

  const { annotatePhoto, encodePng } = await import('./annotate/annotate-photo.ts');
  const taken = new Set<string>();
  const pathFor = (file: string): string => {
    if (isPicture) return target;
    const name = file === STDIN ? 'stdin' : basename(file, extname(file));
    let path = join(target, `${name}.faces.png`);
    for (let n = 2; taken.has(path); n++) path = join(target, `${name}.${n}.faces.png`);
    taken.add(path);
    return path;
  };
  return {
    async annotate(file, image, marks) {
      const path = pathFor(file);
      await writeFile(path, await encodePng(await annotatePhoto(image, marks)));
      return path;
    },
  };
}
