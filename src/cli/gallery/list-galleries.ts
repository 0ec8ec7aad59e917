import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { withGalleries } from './known-galleries.ts';

export function listGalleries(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  return withGalleries(context, async (galleries) => {
    const rows: string[][] = [];
    for await (const { galleryId, kind, name, people, faces, recognitionModel, createdMs } of galleries.every()) {
      const createdAt = new Date(createdMs).toISOString();
      terminal.record({ type: 'gallery', galleryId, kind, name, people, faces, recognitionModel, createdAt });
      rows.push([galleryId, printable(name), kind, String(people), String(faces)]);
    }
    terminal.answer(formatTable(terminal, ['Gallery', 'Name', 'Kind', 'People', 'Photos'], rows));
    return EXIT.done;
  });
}
