import { createHash } from 'node:crypto';
import { forEachConcurrently } from '../concurrently.ts';
import { consentRecord } from '../consent/consent-record.ts';
import { EXIT, type ExitCode, exitCodeFor } from '../exit-codes.ts';
import { readImageFile } from '../image-file.ts';
import { startProgress } from '../progress.ts';
import { qualityRecord } from '../records.ts';
import { adviceFor, type Refusal, refusalOf } from '../refusals.ts';
import { listenForStop } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { count } from '../words.ts';
import type { PhotoPlan, PlannedPhoto } from './photo-plan.ts';
import type { PhotoTaker, TakenPhoto } from './photo-taker.ts';
import type { Report } from './report.ts';
import { type EnrolmentTotals, sayTotals } from './summary.ts';

export interface EnrolmentRun {
  readonly terminal: Terminal;
  readonly report: Report | undefined;
  readonly galleryId: string;
  readonly photosAtOnce: number;
  readonly isDryRun: boolean;
}

type PhotoResult = TakenPhoto | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Works through the plan; every line of JSON is printed once what it says is safe on the disk. */
export async function runEnrolment(taker: PhotoTaker, plan: PhotoPlan, run: EnrolmentRun): Promise<ExitCode> {
  const startMs = Date.now();
  const totals: EnrolmentTotals = {
    enrolled: 0,
    alreadyEnrolled: 0,
    usable: 0,
    people: new Set(),
    consents: 0,
    refused: [],
  };
  const failure = await takeAll(taker, plan, { run, totals });
  // What was enrolled before it broke off is told as well
  if (failure && totals.enrolled === 0) throw failure.error;
  const trained = failure ? false : await taker.finish();
  const seconds = (Date.now() - startMs) / 1000;
  const { enrolled, alreadyEnrolled, usable, people, consents, refused } = totals;
  const through = enrolled + alreadyEnrolled + usable + refused.length - plan.refused.length;
  const interrupted = failure !== undefined || through < plan.photos.length;
  run.terminal.record({
    type: 'summary',
    gallery: run.galleryId,
    dryRun: run.isDryRun,
    enrolled,
    alreadyEnrolled,
    ...(run.isDryRun ? { usable } : {}),
    refused: refused.length,
    setAside: plan.aside.length,
    people: people.size,
    consents,
    trained,
    interrupted,
    seconds,
  });
  sayTotals(run.terminal, totals, { gallery: run.galleryId, isDryRun: run.isDryRun, seconds });
  if (interrupted) {
    run.terminal.note(
      `Stopped after ${through.toLocaleString('en')} of ${count(plan.photos.length, 'photo')}. Run the same command again to go on: nothing is enrolled twice.`,
    );
    if (failure) throw failure.error;
    return EXIT.interrupted;
  }
  return exitCodeFor({ done: enrolled + alreadyEnrolled + usable, refused: refused.length });
}

/** Until all are through or somebody stops it; answers what broke it off. */
async function takeAll(
  taker: PhotoTaker,
  plan: PhotoPlan,
  { run, totals }: { readonly run: EnrolmentRun; readonly totals: EnrolmentTotals },
): Promise<{ readonly error: unknown } | undefined> {
  const ledger = createLedger(run, totals);
  for (const { file, personName, ...refusal } of plan.refused) {
    await ledger.enter({ file, personName: personName ?? '' }, { outcome: 'refused', refusal });
  }
  const progress = startProgress(run.terminal, plan.photos.length);
  const stop = listenForStop(() => progress.stopping());
  try {
    await forEachConcurrently(plan.photos, { limit: run.photosAtOnce, signal: stop.signal }, async (photo) => {
      const result = await take(taker, photo);
      await ledger.enter(photo, result);
      progress.advance(result.outcome === 'refused');
    });
    return undefined;
  } catch (error) {
    return { error };
  } finally {
    progress.stop();
    stop.release();
  }
}

async function take(taker: PhotoTaker, photo: PlannedPhoto): Promise<PhotoResult & { readonly sourceHash?: string }> {
  try {
    const image = await readImageFile(photo.path);
    const sourceHash = createHash('sha256').update(image).digest('hex');
    const { personName, consent } = photo;
    const taken = await taker.take({ personName, image, sourceHash, ...(consent ? { consent } : {}) });
    return { ...taken, sourceHash };
  } catch (error) {
    return { outcome: 'refused', refusal: refusalOf(error) };
  }
}

interface Ledger {
  /** Counts, prints and reports what became of a photo. */
  enter(
    photo: { readonly file: string; readonly personName: string },
    result: PhotoResult & { readonly sourceHash?: string },
  ): Promise<void>;
}

function createLedger(run: EnrolmentRun, totals: EnrolmentTotals): Ledger {
  return {
    async enter({ file, personName }, result) {
      const known = { file, person: personName };
      switch (result.outcome) {
        case 'enrolled':
        case 'already-enrolled': {
          const { personId, faceId, outcome, quality, sourceHash, consentGiven } = result;
          const ids = { personId, faceId };
          if (consentGiven) {
            totals.consents++;
            run.terminal.record(consentRecord(run.galleryId, personId, consentGiven));
          }
          if (outcome === 'enrolled') {
            totals.enrolled++;
            totals.people.add(personName);
          } else totals.alreadyEnrolled++;
          run.terminal.record({
            type: outcome,
            ...known,
            ...ids,
            quality: qualityRecord(quality),
            sourceHash,
          });
          await run.report?.add({ ...known, result: outcome, ...ids });
          return;
        }
        case 'usable':
          totals.usable++;
          totals.people.add(personName);
          run.terminal.record({ type: 'usable', ...known, quality: qualityRecord(result.quality) });
          await run.report?.add({ ...known, result: 'usable' });
          return;
        case 'refused': {
          const { reason, message } = result.refusal;
          const advice = adviceFor(reason);
          totals.refused.push({ file, reason, message });
          run.terminal.record({ type: 'refused', ...known, reason, message, advice });
          await run.report?.add({ ...known, result: 'refused', reason, message, advice });
        }
      }
    },
  };
}
