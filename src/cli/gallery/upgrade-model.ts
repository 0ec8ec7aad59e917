import { composeWithoutIndex, removeCopies } from '../../compose.ts';
import { upgradeModel as upgrade } from '../../core/operations/upgrade-model.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { startProgress } from '../enrol/progress.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { listenForStop } from '../stop-signal.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';

/** Faces named one by one when they can't be read anew; more are only counted, and all stand in --json. */
const NAMED = 10;

export async function upgradeModel(
  { terminal, loadConfig }: CommandContext,
  galleryId: string,
  options: { readonly to: string; readonly dropWithoutPhoto?: true },
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await composeWithoutIndex(config, 'command-line'), async (deps) => {
    const gallery = await getGallery(deps, galleryId);
    if (!deps.recognitionModels.has(options.to)) {
      const known = [...deps.recognitionModels.keys()].join(', ');
      throw new UsageError(
        `There is no recognition model "${options.to}" in KITH_RECOGNITION_MODELS; known are ${known}.`,
      );
    }
    const { enrolments } = await deps.store.countGallery(gallery);
    const progress = startProgress(terminal, enrolments, 'face');
    const stop = listenForStop(() => progress.stopping());
    const follower = { catchUp: () => removeCopies(config) };
    const result = await upgrade(
      { ...deps, follower },
      {
        gallery,
        recognitionModel: options.to,
        dropWithoutPhoto: options.dropWithoutPhoto === true,
        photosAtOnce: 2 * config.engineProcesses,
        signal: stop.signal,
        onRead: (wasRead) => progress.advance(!wasRead),
      },
    ).finally(() => {
      progress.stop();
      stop.release();
    });
    switch (result.outcome) {
      case 'changed': {
        const { upgraded, dropped } = result;
        terminal.record({ type: 'model-upgraded', galleryId, recognitionModel: options.to, faces: upgraded, dropped });
        const erased =
          dropped > 0
            ? ` ${count(dropped, 'face')} without a usable picture ${dropped === 1 ? 'is' : 'are'} erased.`
            : '';
        terminal.say(
          `The gallery "${galleryId}" is searched by "${options.to}" now: ${count(upgraded, 'face')} read anew.${erased}`,
        );
        return EXIT.done;
      }
      case 'interrupted':
        terminal.note(
          `Stopped. What was read is kept; run the same command again to go on. The gallery answers as before.`,
        );
        return EXIT.interrupted;
      case 'faces-left': {
        for (const { personId, enrolmentId } of result.without) {
          terminal.record({ type: 'face-left', personId, faceId: enrolmentId });
        }
        for (const { personId, enrolmentId } of result.without.slice(0, NAMED)) {
          terminal.note(
            `Face ${enrolmentId} of person ${personId}: no picture is kept, or the enrolled face is not found in it.`,
          );
        }
        const one = result.without.length === 1;
        terminal.fail(
          `${count(result.without.length, 'face')} can't be read anew, so the gallery answers as before. ` +
            `Enrol ${one ? 'it' : 'them'} again with pictures kept, or add --drop-without-photo to erase ${one ? 'it' : 'them'}.`,
        );
        return EXIT.nothingDone;
      }
    }
  });
}
