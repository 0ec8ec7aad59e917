import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { qualityRecord } from '../records.ts';
import { formatTable } from '../table.ts';
import { count, QUALITY_IN_WORDS } from '../words.ts';
import { findPerson, withPeople } from './people-of-gallery.ts';

export function showPerson(
  context: CommandContext,
  idOrName: string,
  options: { readonly gallery: string },
): Promise<ExitCode> {
  const { terminal } = context;
  return withPeople(context, options.gallery, async (people) => {
    const { personId, name, userData, createdMs } = await findPerson(people, idOrName);
    const faces = await people.facesOf(personId);
    const merges = await people.mergesOf(personId);
    terminal.record({
      type: 'person',
      personId,
      name,
      userData,
      createdAt: isoTime(createdMs),
      faces: faces.map(({ faceId, quality, hasPhoto, sourceHash, createdMs: enrolledMs }) => ({
        faceId,
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
    terminal.answer(count(faces.length, 'photo'));
    if (faces.length > 0) {
      const rows = faces.map(({ faceId, quality, createdMs: enrolledMs }) => [
        faceId,
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
