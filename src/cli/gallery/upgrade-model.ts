import type { Config } from '../../config.ts';
import { type ModelUpgraded, upgradeModel as upgrade } from '../../core/operations/upgrade-model.ts';
import type { Gallery } from '../../core/types.ts';
import { type CommandContext, loadParts, type RecordsAndEngine, withRecordsAndEngine } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { startProgress } from '../progress.ts';
import { listenForStop } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';

interface UpgradeOptions {
  readonly to: string;
  readonly dropWithoutPhoto?: true;
  readonly yes?: true;
}

/** Faces named one by one when they can't be read anew; more are only counted, and all stand in --json. */
const NAMED = 10;

export async function upgradeModel(
  context: CommandContext,
  galleryId: string,
  options: UpgradeOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  return withRecordsAndEngine(context, async (deps, config) => {
    const gallery = await getGallery(deps, galleryId);
    if (!deps.recognitionModels.has(options.to)) {
      const known = [...deps.recognitionModels.keys()].join(', ');
      throw new UsageError(
        `There is no recognition model "${options.to}" in KITH_RECOGNITION_MODELS; known are ${known}.`,
      );
    }
    const { enrolments } = await deps.store.countGallery(gallery);
    const run = { deps, config, gallery, to: options.to, terminal };
    let result = await readAnew({ ...run, faces: enrolments, dropWithoutPhoto: false });
    if (result.outcome === 'faces-left' && options.dropWithoutPhoto) {
      // How many they are is known once all were read; what was read is kept
      const left = result.without.length;
      const which = `${count(left, 'face')} of ${enrolments.toLocaleString('en')} in "${galleryId}"`;
      await confirm(terminal, `This erases ${which} for good, as they can't be read anew.`, options);
      result = await readAnew({ ...run, faces: left, dropWithoutPhoto: true });
    }
    return report(terminal, result, { galleryId, recognitionModel: options.to });
  });
}

interface UpgradeRun {
  readonly deps: RecordsAndEngine;
  readonly config: Config;
  readonly gallery: Gallery;
  readonly to: string;
  readonly terminal: Terminal;
  /** To be read. */
  readonly faces: number;
  readonly dropWithoutPhoto: boolean;
}

/** What an earlier run has read is not read again. */
async function readAnew(run: UpgradeRun): Promise<ModelUpgraded> {
  const { deps, config, gallery, to, terminal, faces, dropWithoutPhoto } = run;
  const progress = startProgress(terminal, faces, 'face');
  const stop = listenForStop(() => progress.stopping());
  const follower = { catchUp: async () => (await loadParts()).removeCopies(config) };
  try {
    return await upgrade(
      { ...deps, follower },
      {
        gallery,
        recognitionModel: to,
        dropWithoutPhoto,
        photosAtOnce: 2 * config.engineProcesses,
        signal: stop.signal,
        onRead: (wasRead) => progress.advance(!wasRead),
      },
    );
  } finally {
    progress.stop();
    stop.release();
  }
}

function report(
  terminal: Terminal,
  result: ModelUpgraded,
  { galleryId, recognitionModel }: { readonly galleryId: string; readonly recognitionModel: string },
): ExitCode {
  switch (result.outcome) {
    case 'changed': {
      const { upgraded, dropped } = result;
      terminal.record({ type: 'model-upgraded', galleryId, recognitionModel, faces: upgraded, dropped });
      const erased =
        dropped > 0
          ? ` ${count(dropped, 'face')} without a usable picture ${dropped === 1 ? 'is' : 'are'} erased.`
          : '';
      terminal.say(
        `The gallery "${galleryId}" is searched by "${recognitionModel}" now: ${count(upgraded, 'face')} read anew.${erased}`,
      );
      return EXIT.done;
    }
    case 'interrupted':
      terminal.note(
        `Stopped. What was read is kept; run the same command again to go on. The gallery answers as before.`,
      );
      return EXIT.interrupted;
    case 'faces-left':
      reportFacesLeft(terminal, result.without);
      return EXIT.nothingDone;
  }
}

function reportFacesLeft(
  terminal: Terminal,
  without: readonly { readonly personId: string; readonly enrolmentId: string }[],
): void {
  for (const { personId, enrolmentId } of without) {
    terminal.record({ type: 'face-left', personId, faceId: enrolmentId });
  }
  for (const { personId, enrolmentId } of without.slice(0, NAMED)) {
    terminal.note(
      `Face ${enrolmentId} of person ${personId}: no picture is kept, or the enrolled face is not found in it.`,
    );
  }
  const which = without.length === 1 ? 'it' : 'them';
  terminal.fail(
    `${count(without.length, 'face')} can't be read anew, so the gallery answers as before. ` +
      `Enrol ${which} again with pictures kept, or add --drop-without-photo to erase ${which}.`,
  );
}
