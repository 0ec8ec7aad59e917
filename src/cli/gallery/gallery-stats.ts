import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { count, oneIn } from '../words.ts';
import { statsOf } from './known-stats.ts';

/** How a search of the gallery as it is now would be decided. */
export async function showStats(context: CommandContext, galleryId: string): Promise<ExitCode> {
  const { terminal } = context;
  const stats = await statsOf(context, galleryId);
  terminal.record({ type: 'gallery-stats', ...stats });
  const { people, faces, keepPhotos, calibratedAt, calibratedEnrolments } = stats;
  const [low, high] = stats.expectedFpirInterval;
  for (const line of [
    `${terminal.paint('bold', printable(stats.name))} (${stats.galleryId}, ${stats.kind})`,
    `${count(people, 'person', 'people')}, ${count(faces, 'photo')}; pictures of faces are ${keepPhotos ? 'kept, sealed' : 'not kept'}`,
    ...(stats.twoPersonRule ? ['Two people have to confirm whom a search names'] : []),
    `Model: ${stats.model} (as ${stats.recognitionModel})`,
    `Named from a score of ${stats.threshold.toFixed(3)} on; worth a question from ${stats.reviewThreshold.toFixed(3)}`,
    `Strangers who would be shown a name: about ${oneIn(stats.expectedFpir)} (90 % interval ${oneIn(low)} to ${oneIn(high)})`,
    calibratedAt === undefined
      ? `Measured on ${printable(stats.calibratedOn)}`
      : `Measured on ${count(calibratedEnrolments ?? 0, 'photo')} of this gallery on ${calibratedAt.slice(0, 10)}`,
  ]) {
    terminal.answer(terminal.fold(line));
  }
  return EXIT.done;
}
