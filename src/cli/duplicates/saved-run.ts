import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How far a search for duplicates came, and what it found so far. Ids only: names stay in the store. */
export interface SavedRun {
  /** Whose scores they are. */
  readonly recognitionModel: string;
  readonly doneEnrolmentNo: number;
  readonly pairs: readonly SavedPair[];
}

export interface SavedPair {
  readonly personIds: readonly [string, string];
  readonly enrolmentIds: readonly [string, string];
  readonly score: number;
  readonly expectedByChance: number;
}

export interface RunFile {
  /** Undefined when there is none, or none that can be read. */
  load(): Promise<SavedRun | undefined>;
  save(run: SavedRun): Promise<void>;
  remove(): Promise<void>;
}

/** A place within the data directory for the run over one gallery; its number is never given to another. */
export function openRunFile(dataDir: string, galleryNo: number): RunFile {
  const folder = join(dataDir, 'duplicates');
  const path = join(folder, `${galleryNo}.json`);
  return {
    async load() {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as SavedRun;
      } catch {
        return undefined;
      }
    },
    async save(run) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Renamed into place, so that a run that is cut off leaves the place before, whole
      await writeFile(`${path}.new`, JSON.stringify(run), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
    remove: () => rm(path, { force: true }),
  };
}
