import { composeWithoutIndex, DEFAULT_TENANT, openRecords, removeCopies } from '../../compose.ts';
import { checkGalleryId } from '../../core/checks.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import {
  createGallery as create,
  deleteGallery as erase,
  updateGallery as update,
} from '../../core/operations/manage-galleries.ts';
import type { GalleryTerms } from '../../core/types.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';

interface Settings extends Partial<GalleryTerms> {
  readonly name?: string;
  readonly targetFpir?: number;
  readonly keepPhotos?: boolean;
}

/** Of the kind that Azure's clients see as a large person group. */
export async function createGallery(
  { terminal, loadConfig }: CommandContext,
  galleryId: string,
  options: Settings & { readonly recognitionModel?: string },
): Promise<ExitCode> {
  checkGalleryId(galleryId);
  return closing(await composeWithoutIndex(loadConfig(), 'command-line'), async (deps) => {
    const { recognitionModel = DEFAULT_RECOGNITION_MODEL, name = galleryId, ...settings } = options;
    const ref = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId } as const;
    const made = await create(deps, ref, { ...settings, name, recognitionModel });
    terminal.record({
      type: 'gallery',
      galleryId,
      kind: ref.kind,
      name,
      recognitionModel,
      keepPhotos: made.keepPhotos,
    });
    terminal.say(`Made the gallery "${galleryId}". Add people with kith enrol <folder> --gallery ${galleryId}`);
    return EXIT.done;
  });
}

export async function setGallery(
  { terminal, loadConfig }: CommandContext,
  galleryId: string,
  patch: Settings,
): Promise<ExitCode> {
  if (Object.keys(patch).length === 0) throw new UsageError('There is nothing to change: --help lists the settings.');
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const gallery = await getGallery(deps, galleryId);
    await update(deps, gallery, patch);
    terminal.record({ type: 'gallery-changed', galleryId, ...patch });
    terminal.say(`Changed the gallery "${galleryId}".`);
    return EXIT.done;
  });
}

export async function deleteGallery(
  { terminal, loadConfig }: CommandContext,
  galleryId: string,
  options: { readonly yes?: true },
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const gallery = await getGallery(deps, galleryId);
    const { persons, enrolments } = await deps.store.countGallery(gallery);
    const whom = `${count(persons, 'person', 'people')} and ${count(enrolments, 'photo')}`;
    await confirm(terminal, `This erases the gallery "${galleryId}" with ${whom} for good.`, options);
    const erasing = { ...deps, follower: { catchUp: () => removeCopies(config) } };
    const signed = await erase(erasing, gallery, { withSnapshots: true });
    terminal.record({ type: 'gallery-erased', galleryId, people: persons, faces: enrolments, ...signed });
    terminal.say(`Erased the gallery "${galleryId}" with ${whom}.`);
    return EXIT.done;
  });
}
