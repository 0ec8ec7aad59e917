import { extname } from 'node:path';
import { MAX_NAME_LENGTH } from '../../core/limits.ts';
import { hasUnprintable } from '../printable.ts';
import type { PersonPattern } from './person-pattern.ts';
import type { PhotoPlan, PlanAside, PlannedPhoto, PlanRefusal } from './photo-plan.ts';
import { type FoundFile, walkFolder } from './walk-folder.ts';

const PHOTO_EXTENSIONS = new Set(['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.gif', '.bmp', '.webp']);
/** Photos that Kith can't read; silence would look as if they had been taken. */
const FOREIGN_EXTENSIONS = new Set([
  ...['.heic', '.heif', '.avif', '.tif', '.tiff', '.jp2', '.jxl', '.svg', '.psd', '.pdf'],
  ...['.dng', '.cr2', '.cr3', '.nef', '.arw', '.orf', '.rw2', '.raf'],
]);

/** Every folder straight below `root` is a person, with all photos below it. */
export async function planFolderPerPerson(root: string): Promise<PhotoPlan> {
  const walked = await walkFolder(root);
  const builder = createPlanBuilder();
  builder.aside.push(...walked.aside.map(({ relativePath, reason }) => ({ file: relativePath, reason })));
  const inhabited = new Set<string>();
  for (const found of walked.files) {
    const slash = found.relativePath.indexOf('/');
    if (slash === -1) {
      if (isPhotoName(found.relativePath)) builder.aside.push({ file: found.relativePath, reason: 'no-person' });
      else builder.add(found, undefined);
      continue;
    }
    const folder = found.relativePath.slice(0, slash);
    if (isPhotoName(found.relativePath)) inhabited.add(folder);
    builder.add(found, folder);
  }
  for (const folder of walked.folders) {
    if (!inhabited.has(folder)) builder.aside.push({ file: `${folder}/`, reason: 'empty-folder' });
  }
  return builder.plan();
}

/** Every photo below `root` whose name tells the person. */
export async function planByPattern(root: string, personOf: PersonPattern): Promise<PhotoPlan> {
  const walked = await walkFolder(root);
  const builder = createPlanBuilder();
  builder.aside.push(...walked.aside.map(({ relativePath, reason }) => ({ file: relativePath, reason })));
  for (const found of walked.files) {
    const personName = personOf(found.relativePath);
    if (personName === undefined && isPhotoName(found.relativePath)) {
      builder.aside.push({ file: found.relativePath, reason: 'pattern-mismatch' });
    } else builder.add(found, personName);
  }
  return builder.plan();
}

export interface PlanBuilder {
  readonly aside: PlanAside[];
  /** Sorts one file in; without a person only files that are no photos are expected. */
  add(found: FoundFile, personName: string | undefined): void;
  plan(): PhotoPlan;
}

export function createPlanBuilder(): PlanBuilder {
  const photos: PlannedPhoto[] = [];
  const refused: PlanRefusal[] = [];
  const aside: PlanAside[] = [];
  return {
    aside,
    add({ path, relativePath: file }, givenName) {
      const personName = givenName?.normalize('NFC').trim();
      const extension = extname(file).toLowerCase();
      if (FOREIGN_EXTENSIONS.has(extension)) {
        const message = `Kith doesn't read ${extension.slice(1).toUpperCase()} files.`;
        refused.push({ file, personName, reason: 'format-unsupported', message });
      } else if (!PHOTO_EXTENSIONS.has(extension) || personName === undefined) {
        aside.push({ file, reason: 'no-photo' });
      } else {
        const message = nameFault(personName);
        if (message) refused.push({ file, personName, reason: 'name-unusable', message });
        else photos.push({ personName, path, file });
      }
    },
    plan: () => ({
      photos: photos.sort((a, b) => compare(a.personName, b.personName) || compare(a.file, b.file)),
      refused: refused.sort((a, b) => compare(a.file, b.file)),
      aside: aside.sort((a, b) => compare(a.file, b.file)),
    }),
  };
}

export function isPhotoName(file: string): boolean {
  const extension = extname(file).toLowerCase();
  return PHOTO_EXTENSIONS.has(extension) || FOREIGN_EXTENSIONS.has(extension);
}

function nameFault(personName: string): string | undefined {
  if (personName === '') return "The person's name is empty.";
  if (personName.length > MAX_NAME_LENGTH) {
    return `The person's name has ${personName.length} characters; at most ${MAX_NAME_LENGTH} are allowed.`;
  }
  if (hasUnprintable(personName)) return "The person's name has control characters.";
  return undefined;
}

/** By code unit: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
