import { rekeyGallery as rekey } from '../../core/operations/rekey-gallery.ts';
import { type CommandContext, loadParts, withRecords } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { startProgress } from '../progress.ts';
import { listenForStop } from '../stop-signal.ts';
import { count } from '../words.ts';

export function rekeyGallery(context: CommandContext, galleryId: string): Promise<ExitCode> {
  const { terminal } = context;
  return withRecords(context, async (deps, config) => {
    const gallery = await getGallery(deps, galleryId);
    const { enrolments } = await deps.store.countGallery(gallery);
    const progress = startProgress(terminal, enrolments, 'face');
    const stop = listenForStop(() => progress.stopping());
    // A running service follows by itself; what it keeps of the index on the disk goes
    const follower = { catchUp: async () => (await loadParts()).removeCopies(config) };
    const result = await rekey(
      { ...deps, follower },
      {
        gallery,
        signal: stop.signal,
        onTurned: (templates) => {
          for (let i = 0; i < templates; i++) progress.advance(false);
        },
      },
    ).finally(() => {
      progress.stop();
      stop.release();
    });
    if (result.outcome === 'interrupted') {
      terminal.note(
        'Stopped. What was done is kept; run the same command again to go on. The gallery answers as before.',
      );
      return EXIT.interrupted;
    }
    terminal.record({ type: 'gallery-rekeyed', galleryId, templates: result.templates });
    terminal.say(`The gallery "${galleryId}" has a new key: ${count(result.templates, 'template')} turned with it.`);
    return EXIT.done;
  });
}
