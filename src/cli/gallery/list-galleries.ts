import { DEFAULT_TENANT, openRecords } from '../../compose.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import { listGalleries as list } from '../../core/operations/manage-galleries.ts';
import type { Deps } from '../../core/ports.ts';
import type { Gallery, GalleryKind } from '../../core/types.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';

const KINDS: readonly GalleryKind[] = ['large-person', 'person', 'large-face', 'face'];

export async function listGalleries({ terminal, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const rows: string[][] = [];
    for await (const gallery of everyGallery(deps)) {
      const { galleryId, kind, name, recognitionModel, createdMs } = gallery;
      const { persons, enrolments } = await deps.store.countGallery(gallery);
      const createdAt = new Date(createdMs).toISOString();
      terminal.record({
        type: 'gallery',
        galleryId,
        kind,
        name,
        people: persons,
        faces: enrolments,
        recognitionModel,
        createdAt,
      });
      rows.push([galleryId, printable(name), kind, String(persons), String(enrolments)]);
    }
    terminal.answer(formatTable(terminal, ['Gallery', 'Name', 'Kind', 'People', 'Photos'], rows));
    return EXIT.done;
  });
}

async function* everyGallery(deps: Pick<Deps, 'store'>): AsyncGenerator<Gallery> {
  for (const kind of KINDS) {
    let after: string | undefined;
    do {
      const page = await list(
        deps,
        { tenantId: DEFAULT_TENANT, kind },
        { limit: MAX_PAGE, ...(after === undefined ? {} : { after }) },
      );
      yield* page;
      after = page.length < MAX_PAGE ? undefined : page.at(-1)?.galleryId;
    } while (after !== undefined);
  }
}
