import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { type OfTenant, withKeys } from './known-keys.ts';

export function listKeys(context: CommandContext, { tenant }: OfTenant): Promise<ExitCode> {
  const { terminal } = context;
  return withKeys(context, { tenant }, async (keys) => {
    const rows: string[][] = [];
    for (const { keyId, label, permissions, bounds = {}, createdMs } of await keys.list()) {
      const createdAt = new Date(createdMs).toISOString();
      terminal.record({ type: 'key', keyId, label, permissions, ...bounds, createdAt });
      const { galleries = [], purposes = [] } = bounds;
      const only = [...galleries, ...purposes].map(printable).join(', ');
      rows.push([keyId, printable(label), permissions.join(', '), only, createdAt.slice(0, 10)]);
    }
    terminal.answer(formatTable(terminal, ['Key id', 'Label', 'May', 'Only', 'Made'], rows));
    return EXIT.done;
  });
}
