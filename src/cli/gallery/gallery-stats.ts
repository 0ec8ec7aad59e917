import { composeWithoutIndex } from '../../compose.ts';
import { packFor } from '../../core/checks.ts';
import { decisionRule } from '../../core/decide.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { count, oneIn } from '../words.ts';

/** How a search of the gallery as it is now would be decided. */
export async function showStats({ terminal, loadConfig }: CommandContext, galleryId: string): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await composeWithoutIndex(config, 'command-line'), async (deps) => {
    const gallery = await getGallery(deps, galleryId);
    const { persons, enrolments } = await deps.store.countGallery(gallery);
    const pack = packFor(deps, gallery.recognitionModel);
    const rule = decisionRule(pack.calibration, {
      persons,
      enrolments,
      targetFpir: gallery.targetFpir,
      ownTail: gallery.tail?.curve,
    });
    const { tail } = gallery;
    const calibratedAt = tail && new Date(tail.fittedMs).toISOString();
    terminal.record({
      type: 'gallery-stats',
      galleryId: gallery.galleryId,
      kind: gallery.kind,
      name: gallery.name,
      people: persons,
      faces: enrolments,
      keepPhotos: gallery.keepPhotos,
      twoPersonRule: gallery.twoPersonRule,
      recognitionModel: gallery.recognitionModel,
      model: pack.packId,
      threshold: rule.thresholdScore,
      reviewThreshold: rule.reviewScore,
      targetFpir: rule.targetFpir,
      expectedFpir: rule.expectedFpir,
      expectedFpirInterval: rule.expectedFpirInterval,
      calibratedOn: tail ? 'own enrolments' : pack.calibration.measuredOn,
      calibratedAt,
      calibratedEnrolments: tail?.enrolments,
    });
    const [low, high] = rule.expectedFpirInterval;
    for (const line of [
      `${terminal.paint('bold', printable(gallery.name))} (${gallery.galleryId}, ${gallery.kind})`,
      `${count(persons, 'person', 'people')}, ${count(enrolments, 'photo')}; pictures of faces are ${gallery.keepPhotos ? 'kept, sealed' : 'not kept'}`,
      ...(gallery.twoPersonRule ? ['Two people have to confirm whom a search names'] : []),
      `Model: ${pack.packId} (as ${gallery.recognitionModel})`,
      `Named from a score of ${rule.thresholdScore.toFixed(3)} on; worth a question from ${rule.reviewScore.toFixed(3)}`,
      `Strangers who would be shown a name: about ${oneIn(rule.expectedFpir)} (90 % interval ${oneIn(low)} to ${oneIn(high)})`,
      tail
        ? `Measured on ${count(tail.enrolments, 'photo')} of this gallery on ${calibratedAt?.slice(0, 10)}`
        : `Measured on ${pack.calibration.measuredOn}`,
    ]) {
      terminal.answer(terminal.fold(line));
    }
    return EXIT.done;
  });
}
