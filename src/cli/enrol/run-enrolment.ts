import { createHash } from 'node:crypto';
import { DEFAULT_TENANT } from '../../compose.ts';
import type { FaceTarget } from '../../core/face-choice.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { type ImportedPhoto, openPhotoImporter, type PhotoImporter } from '../../core/operations/import-photos.ts';
import { createGallery } from '../../core/operations/manage-galleries.ts';
import { trainGallery } from '../../core/operations/train-gallery.ts';
import type { Acting, Deps } from '../../core/ports.ts';
import type { QualityLevel } from '../../core/types.ts';
import { forEachConcurrently } from '../concurrently.ts';
import { consentRecord } from '../consent/consent-record.ts';
import { EXIT, type ExitCode, exitCodeFor } from '../exit-codes.ts';
import { findGallery } from '../find-gallery.ts';
import { readImageFile } from '../image-file.ts';
import { qualityRecord } from '../records.ts';
import { adviceFor, type Refusal, refusalOf } from '../refusals.ts';
import { listenForStop } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { count } from '../words.ts';
import type { PhotoPlan, PlannedPhoto } from './photo-plan.ts';
import { startProgress } from './progress.ts';
import type { Report } from './report.ts';
import { type EnrolmentTotals, sayTotals } from './summary.ts';

export interface EnrolmentRun {
  readonly terminal: Terminal;
  readonly report: Report | undefined;
  readonly galleryId: string;
  readonly photosAtOnce: number;
  readonly isDryRun: boolean;
  readonly target: FaceTarget;
  readonly minQuality: QualityLevel;
  /** For a gallery that is made here. */
  readonly keepPhotos: boolean;
}

type EnrolDeps = Omit<Deps, 'index'> & Acting;
type PhotoResult = ImportedPhoto | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Works through the plan; every line of JSON is printed once what it says is safe on the disk. */
export async function runEnrolment(deps: EnrolDeps, plan: PhotoPlan, run: EnrolmentRun): Promise<ExitCode> {
  const startMs = Date.now();
  const gallery = await openGallery(deps, run);
  const importer = openPhotoImporter(deps, gallery, { target: run.target, minQuality: run.minQuality });
  const totals: EnrolmentTotals = {
    enrolled: 0,
    alreadyEnrolled: 0,
    usable: 0,
    people: new Set(),
    consents: 0,
    refused: [],
  };
  const ledger = createLedger(run, totals);

  for (const { file, personName, ...refusal } of plan.refused) {
    await ledger.enter({ file, personName: personName ?? '' }, { outcome: 'refused', refusal });
  }
  const progress = startProgress(run.terminal, plan.photos.length);
  const stop = listenForStop(() => progress.stopping());
  try {
    await forEachConcurrently(plan.photos, { limit: run.photosAtOnce, signal: stop.signal }, async (photo) => {
      const result = await take(importer, photo, run.isDryRun);
      await ledger.enter(photo, result);
      progress.advance(result.outcome === 'refused');
    });
  } finally {
    progress.stop();
    stop.release();
  }

  const trained = !run.isDryRun && (await trainIfAnybody(deps, gallery));
  const seconds = (Date.now() - startMs) / 1000;
  const through =
    totals.enrolled + totals.alreadyEnrolled + totals.usable + totals.refused.length - plan.refused.length;
  const interrupted = through < plan.photos.length;
  run.terminal.record({
    type: 'summary',
    gallery: run.galleryId,
    dryRun: run.isDryRun,
    enrolled: totals.enrolled,
    alreadyEnrolled: totals.alreadyEnrolled,
    ...(run.isDryRun ? { usable: totals.usable } : {}),
    refused: totals.refused.length,
    setAside: plan.aside.length,
    people: totals.people.size,
    consents: totals.consents,
    trained,
    interrupted,
    seconds,
  });
  sayTotals(run.terminal, totals, { gallery: run.galleryId, isDryRun: run.isDryRun, seconds });
  if (interrupted) {
    run.terminal.note(
      `Stopped after ${through.toLocaleString('en')} of ${count(plan.photos.length, 'photo')}. Run the same command again to go on: nothing is enrolled twice.`,
    );
    return EXIT.interrupted;
  }
  const done = totals.enrolled + totals.alreadyEnrolled + totals.usable;
  return exitCodeFor({ done, refused: totals.refused.length });
}

/** Made when missing, of the kind that Azure's clients see as a large person group; only imagined in a dry run. */
async function openGallery(deps: EnrolDeps, run: EnrolmentRun) {
  const found = await findGallery(deps, run.galleryId);
  if (found) return found;
  const ref = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId: run.galleryId } as const;
  const settings = { name: run.galleryId, recognitionModel: DEFAULT_RECOGNITION_MODEL, keepPhotos: run.keepPhotos };
  if (run.isDryRun) return { ...ref, ...settings, consentPolicy: 'attested' as const };
  const made = await createGallery(deps, ref, settings);
  run.terminal.note(`Made the gallery "${run.galleryId}".`);
  return made;
}

async function take(importer: PhotoImporter, photo: PlannedPhoto, isDryRun: boolean): Promise<PhotoResult> {
  try {
    const image = await readImageFile(photo.path);
    const sourceHash = createHash('sha256').update(image).digest('hex');
    const { personName, consent } = photo;
    const toImport = { personName, image, sourceHash, ...(consent ? { consent } : {}) };
    return await (isDryRun ? importer.checkPhoto(toImport) : importer.importPhoto(toImport));
  } catch (error) {
    return { outcome: 'refused', refusal: refusalOf(error) };
  }
}

/** So that doors whose callers expect a trained gallery answer at once. */
async function trainIfAnybody(deps: EnrolDeps, gallery: Awaited<ReturnType<typeof openGallery>>): Promise<boolean> {
  const { enrolments } = await deps.store.countGallery(gallery);
  if (enrolments > 0) await trainGallery(deps, gallery);
  return enrolments > 0;
}

interface Ledger {
  /** Counts, prints and reports what became of a photo. */
  enter(photo: { readonly file: string; readonly personName: string }, result: PhotoResult): Promise<void>;
}

function createLedger(run: EnrolmentRun, totals: EnrolmentTotals): Ledger {
  return {
    async enter({ file, personName }, result) {
      const known = { file, person: personName };
      switch (result.outcome) {
        case 'enrolled':
        case 'already-enrolled': {
          const { person, enrolment, outcome, consentGiven } = result;
          const ids = { personId: person.personId, faceId: enrolment.enrolmentId };
          if (consentGiven) {
            totals.consents++;
            run.terminal.record(consentRecord(run.galleryId, person.personId, consentGiven));
          }
          if (outcome === 'enrolled') {
            totals.enrolled++;
            totals.people.add(personName);
          } else totals.alreadyEnrolled++;
          run.terminal.record({
            type: outcome,
            ...known,
            ...ids,
            quality: qualityRecord(enrolment.quality),
            sourceHash: enrolment.sourceHash,
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
