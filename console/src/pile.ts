// A pile of photos whose faces are kept by the service, sealed, for an hour: to be grouped or searched among.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Api } from './api.ts';
import { cropFaces } from './crop-faces.ts';
import { isOutage } from './describe-error.ts';
import { useSession } from './session.tsx';
import type { Box, Detected, DetectedFace, Quality } from './wire.ts';

export interface PileFace {
  readonly probeId: string;
  readonly file: File;
  readonly box: Box;
  readonly quality: Quality;
  /** Of the face, cut out. */
  readonly url: string;
}

export interface Pile {
  readonly faces: readonly PileFace[];
  readonly photos: number;
  readonly done: number;
  readonly faceless: number;
  readonly refused: readonly { readonly file: File; readonly error: unknown }[];
  readonly isRunning: boolean;
  /** Photos were left out, for the service compares no more faces than it has. */
  readonly isFull: boolean;
  readonly fault: unknown;
  add(files: readonly File[]): void;
  /** After a fault. */
  goOn(): void;
  clear(): void;
}

const KEPT_S = 3600;
const PHOTOS_AT_ONCE = 2;
/** The most that the service compares with each other. */
const MAX_FACES = 2000;

interface State {
  readonly faces: readonly PileFace[];
  readonly photos: number;
  readonly done: number;
  readonly faceless: number;
  readonly refused: Pile['refused'];
  readonly isRunning: boolean;
  readonly isFull: boolean;
  readonly fault: unknown;
}

const EMPTY: State = {
  faces: [],
  photos: 0,
  done: 0,
  faceless: 0,
  refused: [],
  isRunning: false,
  isFull: false,
  fault: undefined,
};

export function usePile(): Pile {
  const { api } = useSession();
  const [state, setState] = useState(EMPTY);
  const run = useRef<PileRun>(undefined);
  run.current ??= createRun(api, setState);
  useEffect(() => {
    run.current?.open();
    return () => run.current?.close();
  }, []);
  const add = useCallback((files: readonly File[]) => run.current?.add(files), []);
  const goOn = useCallback(() => run.current?.goOn(), []);
  const clear = useCallback(() => run.current?.clear(), []);
  return { ...state, add, goOn, clear };
}

type PileRun = ReturnType<typeof createRun>;

/** What goes on between renders: the queue, and the requests that are under way. */
function createRun(api: Api, setState: (change: (before: State) => State) => void) {
  let queue: File[] = [];
  let known = new Set<string>();
  let urls: string[] = [];
  let faces = 0;
  let gone = new AbortController();
  let isRunning = false;

  const change = (part: (before: State) => Partial<State>): void =>
    setState((before) => ({ ...before, ...part(before) }));

  async function lane(signal: AbortSignal): Promise<void> {
    for (let file = queue.shift(); file && !signal.aborted; file = queue.shift()) {
      if (faces >= MAX_FACES) {
        change(({ done }) => ({ isFull: true, done: done + 1 }));
        continue;
      }
      try {
        await look(file, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isOutage(error)) {
          queue.unshift(file);
          throw error;
        }
        const refused = { file, error };
        change((before) => ({ refused: [...before.refused, refused], done: before.done + 1 }));
      }
    }
  }

  async function look(file: File, signal: AbortSignal): Promise<void> {
    const detected = await api.detect(file, KEPT_S, signal);
    const crops = await cropFaces(file, detected);
    urls.push(...crops);
    if (signal.aborted) {
      for (const url of crops) URL.revokeObjectURL(url);
      return;
    }
    const found = toPileFaces(file, detected, crops).slice(0, MAX_FACES - faces);
    faces += found.length;
    change((before) => ({
      faces: [...before.faces, ...found],
      faceless: before.faceless + (found.length === 0 ? 1 : 0),
      done: before.done + 1,
    }));
  }

  async function start(): Promise<void> {
    if (isRunning || queue.length === 0) return;
    isRunning = true;
    const { signal } = gone;
    change(() => ({ isRunning: true, fault: undefined }));
    const ends = await Promise.allSettled(Array.from({ length: PHOTOS_AT_ONCE }, () => lane(signal)));
    if (signal.aborted) return;
    isRunning = false;
    const failed = ends.find((end) => end.status === 'rejected');
    change(() => ({ isRunning: false, fault: failed?.reason }));
  }

  function forget(): void {
    gone.abort();
    for (const url of urls) URL.revokeObjectURL(url);
    queue = [];
    known = new Set();
    urls = [];
    faces = 0;
    isRunning = false;
    setState(() => EMPTY);
  }

  return {
    open(): void {
      gone = new AbortController();
    },
    close: forget,
    clear(): void {
      forget();
      gone = new AbortController();
    },
    add(files: readonly File[]): void {
      // A photo that was dropped twice would be its own best likeness
      const fresh = files.filter((file) => {
        const id = `${file.name} ${file.size} ${file.lastModified}`;
        return !known.has(id) && known.add(id);
      });
      queue.push(...fresh);
      change(({ photos }) => ({ photos: photos + fresh.length }));
      void start();
    },
    goOn: () => void start(),
  };
}

function toPileFaces(file: File, { faces }: Detected, crops: readonly string[]): readonly PileFace[] {
  return faces.flatMap(({ probeId, box, quality }: DetectedFace, i) =>
    probeId === undefined ? [] : [{ probeId, file, box, quality, url: crops[i] ?? '' }],
  );
}
