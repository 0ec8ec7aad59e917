import { checkGalleryId } from '../../core/checks.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { createGallery as create } from '../../core/operations/manage-galleries.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { type CommandContext, closing, loadParts } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';
import { type GallerySettings, withGalleries } from './known-galleries.ts';

/** Of the kind that Azure's clients see as a large person group. */
export async function createGallery(
  context: CommandContext,
  galleryId: string,
  options: GallerySettings & { readonly recognitionModel?: string },
): Promise<ExitCode> {
  const { terminal, service } = context;
  checkGalleryId(galleryId);
  const { recognitionModel = DEFAULT_RECOGNITION_MODEL, name = galleryId, ...rest } = options;
  const settings = { ...rest, name, recognitionModel };
  const made = await (service
    ? (await import('./remote-galleries.ts')).createRemoteGallery(service, galleryId, settings)
    : createLocalGallery(context, galleryId, settings));
  const { kind, keepPhotos } = made;
  terminal.record({ type: 'gallery', galleryId, kind, name, recognitionModel, keepPhotos });
  terminal.say(`Made the gallery "${galleryId}". Add people with kith enrol <folder> --gallery ${galleryId}`);
  return EXIT.done;
}

async function createLocalGallery(
  { loadConfig }: CommandContext,
  galleryId: string,
  settings: Parameters<typeof create>[2],
) {
  const ref = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId } as const;
  const { openRecordsAndPacks } = await loadParts();
  return closing(await openRecordsAndPacks(loadConfig(), 'command-line'), (deps) => create(deps, ref, settings));
}

export async function setGallery(
  context: CommandContext,
  galleryId: string,
  { yes, ...patch }: GallerySettings & { readonly yes?: true },
): Promise<ExitCode> {
  const { terminal } = context;
  if (Object.keys(patch).length === 0) throw new UsageError('There is nothing to change: --help lists the settings.');
  return withGalleries(context, async (galleries) => {
    const { keepPhotos, faces } = await galleries.get(galleryId);
    if (keepPhotos && patch.keepPhotos === false && faces > 0) {
      const pictures = `the pictures that are kept of ${count(faces, 'photo')} in "${galleryId}"`;
      await confirm(terminal, `This erases ${pictures} for good.`, yes ? { yes } : {});
    }
    await galleries.update(galleryId, patch);
    terminal.record({ type: 'gallery-changed', galleryId, ...patch });
    terminal.say(`Changed the gallery "${galleryId}".`);
    return EXIT.done;
  });
}

export function deleteGallery(
  context: CommandContext,
  galleryId: string,
  options: { readonly yes?: true },
): Promise<ExitCode> {
  const { terminal } = context;
  return withGalleries(context, async (galleries) => {
    const { people, faces } = await galleries.get(galleryId);
    const whom = `${count(people, 'person', 'people')} and ${count(faces, 'photo')}`;
    await confirm(terminal, `This erases the gallery "${galleryId}" with ${whom} for good.`, options);
    const signed = await galleries.erase(galleryId);
    terminal.record({ type: 'gallery-erased', galleryId, people, faces, ...signed });
    terminal.say(`Erased the gallery "${galleryId}" with ${whom}.`);
    return EXIT.done;
  });
}
