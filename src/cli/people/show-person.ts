import { openRecords } from '../../compose.ts';
import { listEnrolments } from '../../core/operations/manage-enrolments.ts';
import { listMerges } from '../../core/operations/merge-persons.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { qualityRecord } from '../records.ts';
import { formatTable } from '../table.ts';
import { count, QUALITY_IN_WORDS } from '../words.ts';
import { findPerson } from './find-person.ts';

export async function showPerson(
  { terminal, loadConfig }: CommandContext,
  idOrName: string,
  options: { readonly gallery: string },
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const gallery = await getGallery(deps, options.gallery);
    const { personId, name, userData, createdMs } = await findPerson(deps, gallery, idOrName);
    const enrolments = await listEnrolments(deps, { gallery, personId });
    const merges = await listMerges(deps, gallery, personId);
    terminal.record({
      type: 'person',
      personId,
      name,
      userData,
      createdAt: isoTime(createdMs),
      faces: enrolments.map(({ enrolmentId, quality, hasPhoto, sourceHash, createdMs: enrolledMs }) => ({
        faceId: enrolmentId,
        quality: qualityRecord(quality),
        hasPhoto,
        sourceHash,
        enrolledAt: isoTime(enrolledMs),
      })),
      merges: merges.map(({ mergeId, fromPersonId, fromName, mergedMs }) => ({
        mergeId,
        fromPersonId,
        fromName,
        mergedAt: isoTime(mergedMs),
      })),
    });
    terminal.answer(`${terminal.paint('bold', printable(name))} (${personId}), added ${day(createdMs)}`);
    if (userData !== undefined) terminal.answer(terminal.fold(`User data: ${printable(userData)}`));
    terminal.answer(count(enrolments.length, 'photo'));
    if (enrolments.length > 0) {
      const rows = enrolments.map(({ enrolmentId, quality, createdMs: enrolledMs }) => [
        enrolmentId,
        day(enrolledMs),
        { text: quality.level, style: ({ low: 'red', medium: 'yellow', high: 'green' } as const)[quality.level] },
        quality.reasons.map((reason) => QUALITY_IN_WORDS[reason]).join(', '),
      ]);
      terminal.answer(formatTable(terminal, ['Face id', 'Added', 'Quality', 'What is wrong'], rows));
    }
    for (const { mergeId, fromName, mergedMs } of merges) {
      terminal.answer(
        terminal.fold(
          `${printable(fromName)} was merged into this person on ${day(mergedMs)}; to part them: kith people unmerge ${mergeId} -g ${options.gallery}`,
        ),
      );
    }
    return EXIT.done;
  });
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function day(epochMs: number): string {
  return isoTime(epochMs).slice(0, 10);
}
