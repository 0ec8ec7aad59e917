import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { SnapshotCipher } from './snapshot.ts';
import { type Frame, parseFrame, serialiseFrame } from './snapshot-frames.ts';

/** The last letter is the version. */
const MAGIC = Buffer.from('KITHIDX1');
const READ_BYTES = 8 * 2 ** 20;
const MAX_FRAME_BYTES = 64 * 2 ** 20;
/** Length and CRC-32 of the sealed bytes. */
const PREFIX_BYTES = 8;

/** Seals frames one by one and writes them after the magic. */
export class FrameWriter {
  readonly #file: FileHandle;
  readonly #cipher: SnapshotCipher;
  readonly #snapshotId = randomUUID();
  #frameNo = 0;

  constructor(file: FileHandle, cipher: SnapshotCipher) {
    this.#file = file;
    this.#cipher = cipher;
  }

  async write(frame: Frame): Promise<void> {
    if (this.#frameNo === 0) await writeAll(this.#file, MAGIC);
    const place = { snapshotId: this.#snapshotId, frameNo: this.#frameNo++ };
    const sealed = this.#cipher.seal(serialiseFrame(frame, place));
    const bytes = Buffer.allocUnsafe(PREFIX_BYTES + sealed.length);
    bytes.writeUInt32LE(sealed.length, 0);
    bytes.writeUInt32LE(crc32(sealed), 4);
    bytes.set(sealed, PREFIX_BYTES);
    await writeAll(this.#file, bytes);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** Reads frames back in order; throws at the first that is not as it was written, or not in its place. */
export class FrameReader {
  readonly #bytes: ChunkedFile;
  readonly #cipher: SnapshotCipher;
  #snapshotId: string | undefined;
  #frameNo = 0;

  constructor(file: FileHandle, cipher: SnapshotCipher) {
    this.#bytes = new ChunkedFile(file);
    this.#cipher = cipher;
  }

  /** Undefined at the file's end. */
  async read(): Promise<Frame | undefined> {
    if (this.#frameNo === 0) {
      const magic = await this.#bytes.take(MAGIC.length);
      if (!MAGIC.equals(magic)) throw new Error('this is no snapshot of this version');
    }
    const prefix = await this.#bytes.take(PREFIX_BYTES);
    if (prefix.length === 0) return undefined;
    const length = prefix.length === PREFIX_BYTES ? prefix.readUInt32LE(0) : MAX_FRAME_BYTES + 1;
    if (length > MAX_FRAME_BYTES) throw new Error(`frame ${this.#frameNo} is torn`);
    const sealed = await this.#bytes.take(length);
    if (sealed.length < length || crc32(sealed) !== prefix.readUInt32LE(4)) {
      throw new Error(`frame ${this.#frameNo} is torn`);
    }
    const { frame, place } = parseFrame(this.#cipher.open(sealed));
    this.#snapshotId ??= place.snapshotId;
    if (place.snapshotId !== this.#snapshotId || place.frameNo !== this.#frameNo) {
      throw new Error(`frame ${this.#frameNo} is not in its place`);
    }
    this.#frameNo++;
    return frame;
  }
}

/** A file read in large pieces, the next one already under way. */
class ChunkedFile {
  readonly #file: FileHandle;
  #chunk: Buffer = Buffer.alloc(0);
  #next: Promise<Buffer>;
  #position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
    this.#next = this.#read();
  }

  /** The next `length` bytes, or fewer at the end of the file; good until the next call. */
  async take(length: number): Promise<Buffer> {
    while (this.#chunk.length < length) {
      const next = await this.#next;
      if (next.length === 0) break;
      this.#chunk = this.#chunk.length === 0 ? next : Buffer.concat([this.#chunk, next]);
      this.#next = this.#read();
    }
    const taken = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken;
  }

  #read(): Promise<Buffer> {
    const reading = this.#readChunk();
    // A reader that stops early never asks for it
    reading.catch(() => undefined);
    return reading;
  }

  async #readChunk(): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await this.#file.read(buffer, 0, READ_BYTES, this.#position);
    this.#position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}
