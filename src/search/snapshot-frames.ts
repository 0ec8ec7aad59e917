/** The parts of a snapshot, in the order of the file: a beginning, rows, an end. */
export type Frame =
  | { readonly kind: 'begin'; readonly changeNo: number }
  | RowsFrame
  | { readonly kind: 'end'; readonly enrolments: number };

/** Rows of one gallery; the columns hold at least `count` entries. */
export interface RowsFrame {
  readonly kind: 'rows';
  readonly galleryNo: number;
  readonly vectorLength: number;
  /** Length in memory: values a row. */
  readonly dims: number;
  readonly count: number;
  readonly persons: Uint32Array;
  readonly enrolments: Uint32Array;
  readonly scales: Float32Array;
  readonly values: Int8Array;
}

/** What ties a frame to its place: frames of two snapshots, or in another order, don't fit together. */
export interface FramePlace {
  readonly snapshotId: string;
  readonly frameNo: number;
}

/** A word with the header's length, the header as JSON padded to whole words, then the columns, little-endian. */
export function serialiseFrame(frame: Frame, place: FramePlace): Uint8Array {
  const { columns, fields } = frame.kind === 'rows' ? splitRows(frame) : { columns: [], fields: frame };
  const header = Buffer.from(JSON.stringify({ ...fields, ...place }));
  const columnsAt = 4 + Math.ceil(header.length / 4) * 4;
  const bytes = new Uint8Array(columns.reduce((sum, column) => sum + column.byteLength, columnsAt));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = columnsAt;
  for (const column of columns) {
    bytes.set(column, at);
    at += column.byteLength;
  }
  return bytes;
}

function splitRows(frame: RowsFrame): { readonly columns: Uint8Array[]; readonly fields: object } {
  const { persons, enrolments, scales, values, ...fields } = frame;
  const bytesOf = (column: Uint32Array | Float32Array | Int8Array, entries: number): Uint8Array =>
    new Uint8Array(column.buffer, column.byteOffset, entries * column.BYTES_PER_ELEMENT);
  const columns = [persons, enrolments, scales].map((column) => bytesOf(column, frame.count));
  return { columns: [...columns, bytesOf(values, frame.count * frame.dims)], fields };
}

type RowsHeader = Pick<RowsFrame, 'kind' | 'galleryNo' | 'vectorLength' | 'dims' | 'count'>;
type FrameHeader = FramePlace & (Exclude<Frame, RowsFrame> | RowsHeader);

/** Throws when the bytes are no frame. */
export function parseFrame(sealedOff: Uint8Array): { readonly frame: Frame; readonly place: FramePlace } {
  // A copy of its own, since the columns want whole words
  const bytes = new Uint8Array(sealedOff);
  const headerLength = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(Buffer.from(bytes.subarray(4, 4 + headerLength)).toString('utf8')) as FrameHeader;
  const { snapshotId, frameNo } = header;
  const place = { snapshotId, frameNo };
  if (header.kind === 'begin') return { place, frame: { kind: 'begin', changeNo: header.changeNo } };
  if (header.kind === 'end') return { place, frame: { kind: 'end', enrolments: header.enrolments } };
  if (header.kind !== 'rows') throw new Error('a frame of an unknown kind');
  return { place, frame: readColumns(bytes, { ...header, at: 4 + Math.ceil(headerLength / 4) * 4 }) };
}

function readColumns(bytes: Uint8Array<ArrayBuffer>, header: RowsHeader & { readonly at: number }): RowsFrame {
  const { galleryNo, vectorLength, dims, count, at } = header;
  const { buffer } = bytes;
  return {
    kind: 'rows',
    galleryNo,
    vectorLength,
    dims,
    count,
    persons: new Uint32Array(buffer, at, count),
    enrolments: new Uint32Array(buffer, at + count * 4, count),
    scales: new Float32Array(buffer, at + count * 8, count),
    values: new Int8Array(buffer, at + count * 12, count * dims),
  };
}
