import type { Composed } from '../../compose.ts';
import { type Apart, apartOf, areApart } from '../../core/apart.ts';
import { unlessGone } from '../../core/directory.ts';
import { type DuplicatePair, findLikelyDuplicates } from '../../core/operations/find-likely-duplicates.ts';
import { getPerson } from '../../core/operations/manage-persons.ts';
import type { Gallery, Person } from '../../core/types.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { type CommandContext, withEverything } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { type Progress, startProgress } from '../progress.ts';
import { listenForStop } from '../stop-signal.ts';
import { formatTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';
import type { NamedPair } from './ask-service.ts';
import { openRunFile, type RunFile, type SavedPair } from './saved-run.ts';

interface DuplicatesOptions {
  readonly gallery: string;
  readonly restart?: true;
}

export async function findDuplicates(context: CommandContext, options: DuplicatesOptions): Promise<ExitCode> {
  const { terminal, service } = context;
  if (service) {
    if (options.restart) throw new UsageError('--restart is for the data directory: a service begins anew each time.');
    const { duplicatesByService } = await import('./ask-service.ts');
    return reportPairs(terminal, options, {
      ...(await duplicatesByService(service, options.gallery, terminal)),
      isResumable: false,
    });
  }
  return withEverything(context, { photosAtOnce: 1 }, async (deps, config) => {
    const gallery = await getGallery(deps, options.gallery);
    const file = openRunFile(config.dataDir, gallery.galleryNo);
    if (options.restart) await file.remove();
    const { pairs, isComplete } = await searchOn(deps, gallery, { terminal, file });
    const exitCode = reportPairs(terminal, options, {
      pairs: await nameAll(deps, gallery, pairs),
      isComplete,
      isResumable: true,
    });
    if (isComplete) await file.remove();
    return exitCode;
  });
}

interface FoundPairs {
  readonly pairs: readonly NamedPair[];
  readonly isComplete: boolean;
  readonly isResumable: boolean;
}

function reportPairs(
  terminal: Terminal,
  options: DuplicatesOptions,
  { pairs, isComplete, isResumable }: FoundPairs,
): ExitCode {
  for (const pair of pairs) terminal.record({ type: 'duplicate', ...pair });
  terminal.record({ type: 'summary', gallery: options.gallery, pairs: pairs.length, interrupted: !isComplete });
  if (pairs.length > 0) terminal.answer(tableOf(terminal, pairs));
  if (!isComplete) {
    terminal.note(
      isResumable
        ? 'Stopped. Run the same command again to go on.'
        : 'Stopped: these are the pairs found so far. A service keeps no place to go on from.',
    );
    return EXIT.interrupted;
  }
  terminal.say(
    pairs.length === 0
      ? `Nobody in "${printable(options.gallery)}" looks enrolled twice.`
      : `${count(pairs.length, 'pair')} to look at: each is either one person, or two who look alike.`,
  );
  return EXIT.done;
}

interface SearchTools {
  readonly terminal: Terminal;
  readonly file: RunFile;
}

/** Goes on where the last run was stopped; keeps its place after every batch. */
async function searchOn(
  deps: Composed,
  gallery: Gallery,
  { terminal, file }: SearchTools,
): Promise<{ readonly pairs: readonly SavedPair[]; readonly isComplete: boolean }> {
  const saved = await file.load();
  // Scores of another model say nothing about this one's
  const before = saved?.recognitionModel === gallery.recognitionModel ? saved : undefined;
  const pairs = new Map((before?.pairs ?? []).map((pair) => [pair.personIds.join(), pair]));
  if (before) terminal.note('Going on where the last run was stopped; --restart begins anew.');
  let progress: Progress | undefined;
  const stop = listenForStop(() => progress?.stopping());
  try {
    const batches = findLikelyDuplicates(deps, gallery, {
      ...(before ? { afterEnrolmentNo: before.doneEnrolmentNo } : {}),
      signal: stop.signal,
    });
    for await (const batch of batches) {
      for (const pair of batch.pairs.map(savedForm)) {
        const known = pairs.get(pair.personIds.join());
        if (!known || known.score < pair.score) pairs.set(pair.personIds.join(), pair);
      }
      await file.save({
        recognitionModel: gallery.recognitionModel,
        doneEnrolmentNo: batch.doneEnrolmentNo,
        pairs: [...pairs.values()],
      });
      progress ??= startProgress(terminal, batch.total, 'face');
      progress.advanceTo(batch.done);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    progress?.stop();
    stop.release();
  }
  return {
    pairs: [...pairs.values()].sort((a, b) => b.score - a.score),
    isComplete: !stop.signal.aborted,
  };
}

function savedForm({ persons, score, expectedByChance }: DuplicatePair): SavedPair {
  const [a, b] = persons;
  return {
    personIds: [a.personId, b.personId],
    enrolmentIds: [a.enrolmentId, b.enrolmentId],
    score,
    expectedByChance,
  };
}

/**
 * With the names of today. Pairs of which one was erased since are left out, and those that were dismissed since: a run that
 * was stopped may have found them before.
 */
async function nameAll(deps: Composed, gallery: Gallery, pairs: readonly SavedPair[]): Promise<readonly NamedPair[]> {
  const apart = apartOf(await deps.store.dismissedPersonNos(gallery));
  const ref = { tenantId: DEFAULT_TENANT, kind: gallery.kind, galleryId: gallery.galleryId };
  const named: NamedPair[] = [];
  for (const { personIds, enrolmentIds, score, expectedByChance } of pairs) {
    const persons = await Promise.all(personIds.map((personId) => unlessGone(getPerson(deps, ref, personId))));
    if (wereDismissed(apart, persons)) continue;
    const people = persons.flatMap((person, i) =>
      person ? [{ personId: person.personId, person: person.name, faceId: enrolmentIds[i] ?? '' }] : [],
    );
    if (people.length === 2) named.push({ people, score, expectedByChance });
  }
  return named;
}

function wereDismissed(apart: Apart, [person, other]: readonly (Person | undefined)[]): boolean {
  return person !== undefined && other !== undefined && areApart(apart, person.personNo, other.personNo);
}

function tableOf(terminal: Terminal, pairs: readonly NamedPair[]): string {
  const rows = pairs.map(({ people, score, expectedByChance }) => [
    ...people.map(({ person }) => printable(person)),
    score.toFixed(2),
    expectedByChance < 0.001 ? '< 0.001' : expectedByChance.toFixed(3),
  ]);
  return formatTable(terminal, ['Person', 'And', 'Score', 'Strangers so close'], rows);
}
