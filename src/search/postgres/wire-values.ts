// Parameters in PostgreSQL's binary form: a template as text would be five times as long, and slow to write and read.
import { LEVEL } from './level-distance.ts';

/** pgvector's halfvec: 16-bit floats, length first. */
export function halfVector(vector: Float32Array): Buffer {
  const buffer = Buffer.allocUnsafe(4 + 2 * vector.length);
  writeHalfVector(buffer, 0, vector);
  return buffer;
}

/** An array of halfvecs; the type's oid differs from database to database. */
export function halfVectors(vectors: readonly Float32Array[], halfVectorOid: number): Buffer {
  const bytes = vectors.reduce((sum, { length }) => sum + 8 + 2 * length, 0);
  const { buffer, start } = beginArray(vectors.length, { oid: halfVectorOid, bytes });
  let at = start;
  for (const vector of vectors) {
    buffer.writeInt32BE(4 + 2 * vector.length, at);
    writeHalfVector(buffer, at + 4, vector);
    at += 8 + 2 * vector.length;
  }
  return buffer;
}

const BIGINT_OID = 20;

export function bigints(numbers: ArrayLike<number>): Buffer {
  const { buffer, start } = beginArray(numbers.length, { oid: BIGINT_OID, bytes: 12 * numbers.length });
  for (let i = 0, at = start; i < numbers.length; i++, at += 12) {
    buffer.writeInt32BE(8, at);
    buffer.writeBigInt64BE(BigInt(numbers[i] as number), at + 4);
  }
  return buffer;
}

/** The level code of a rotated vector as PostgreSQL writes a bit string: who is high, then who isn't low. */
export function levelBits(vector: Float32Array): string {
  const level = LEVEL / Math.sqrt(vector.length);
  let [high, notLow] = ['', ''];
  for (const member of vector) {
    high += member > level ? '1' : '0';
    notLow += member > -level ? '1' : '0';
  }
  return high + notLow;
}

function beginArray(count: number, { oid, bytes }: { readonly oid: number; readonly bytes: number }) {
  const start = count === 0 ? 12 : 20;
  const buffer = Buffer.allocUnsafe(start + bytes);
  buffer.writeInt32BE(count === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(oid, 8);
  if (count > 0) {
    buffer.writeInt32BE(count, 12);
    buffer.writeInt32BE(1, 16);
  }
  return { buffer, start };
}

function writeHalfVector(buffer: Buffer, at: number, vector: Float32Array): void {
  buffer.writeInt16BE(vector.length, at);
  buffer.writeInt16BE(0, at + 2);
  for (let i = 0; i < vector.length; i++) buffer.writeUInt16BE(halfBits(vector[i] as number), at + 4 + 2 * i);
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);
/** 2⁻¹⁴: below it a 16-bit float counts in steps of 2⁻²⁴. */
const LEAST_NORMAL = 0x38800000;
/** What the exponents' offsets differ by. */
const REBIAS = 0x38000000;

/** IEEE 754 binary16, rounded to nearest, ties to even; for values that are small enough for it, as a unit vector's are. */
export function halfBits(value: number): number {
  float[0] = value;
  const bits = word[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude < LEAST_NORMAL) return sign | Math.round(Math.abs(value) * 2 ** 24);
  return sign | ((magnitude - REBIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}
