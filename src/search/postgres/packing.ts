// Galleries that were there before their table had blocks, or whose rows came from a node that knows of none.
import { paddedDims } from '../layout.ts';
import { packSome } from './blocks.ts';
import { lockGallery } from './gallery-lock.ts';
import { dimsOfTables, GALLERIES, ofGallery } from './schema.ts';
import { type Connections, inTransaction, type Query } from './transactions.ts';
import { createVectorTable } from './vector-table.ts';

/** Inside a transaction that has locked the gallery; for one that is small or mostly packed. */
export async function packAtOnce(
  query: Query,
  gallery: { readonly galleryNo: number; readonly dims: number },
): Promise<void> {
  let from: number | undefined = 0;
  while (from !== undefined) from = await packSome(query, gallery, from);
}

/**
 * Packs whatever isn't, in short transactions, so that nodes that write meanwhile hardly wait. Several nodes may do so at
 * once, and one that died at it is gone on from: a block that is there is whole.
 */
export async function packGalleries(pool: Connections, path: string): Promise<void> {
  const begin = `BEGIN; ${path}; SET LOCAL jit = off`;
  const known = await inTransaction(pool, { begin }, dimsOfTables);
  const packable = new Set<number>();
  for (const dims of known) {
    const hasBlocks = await inTransaction(pool, { begin }, (query) => createVectorTable(query, dims));
    if (hasBlocks) packable.add(dims);
  }
  const galleries = await inTransaction(pool, { begin }, (query) =>
    query<{ no: string; dims: number; packed: number }>(
      `SELECT gallery_no AS no, dims, packed_dims AS packed FROM ${GALLERIES} WHERE enrolments > 0`,
    ),
  );
  for (const { no, dims, packed } of galleries) {
    const padded = paddedDims(dims);
    if (packed !== padded && packable.has(padded)) await packGallery(pool, begin, Number(no));
  }
}

async function packGallery(pool: Connections, begin: string, galleryNo: number): Promise<void> {
  let from: number | undefined = 0;
  while (from !== undefined) {
    const start: number = from;
    from = await inTransaction(pool, { begin: `${begin}; ${ofGallery(galleryNo)}` }, async (query) => {
      const gallery = await lockGallery(query, galleryNo);
      const dims = paddedDims(gallery.dims);
      // It was emptied meanwhile, or another node has packed it
      if (gallery.enrolments === 0 || gallery.packedDims === dims) return undefined;
      return packSome(query, { galleryNo, dims }, start);
    });
  }
}
