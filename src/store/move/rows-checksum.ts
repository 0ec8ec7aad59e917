import { createHash } from 'node:crypto';
import type { Row, Value } from './moved-tables.ts';

export interface RowsChecksum {
  add(row: Row): void;
  /** In hex. */
  end(): string;
}

/** SHA-256 over what the rows mean, whichever engine holds them: the kind, length and bytes of each value in turn. */
export function createRowsChecksum(columns: readonly string[]): RowsChecksum {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(columns));
  return {
    add(row) {
      for (const column of columns) hash.update(encode(row[column] ?? null));
    },
    end: () => hash.digest('hex'),
  };
}

function encode(value: Value): Uint8Array {
  if (value === null) return Uint8Array.of(0);
  if (typeof value === 'number') {
    const bytes = new Uint8Array(9);
    bytes[0] = 1;
    new DataView(bytes.buffer).setFloat64(1, value);
    return bytes;
  }
  const isText = typeof value === 'string';
  const content = isText ? Buffer.from(value) : value;
  const bytes = new Uint8Array(5 + content.length);
  bytes[0] = isText ? 2 : 3;
  new DataView(bytes.buffer).setUint32(1, content.length);
  bytes.set(content, 5);
  return bytes;
}
