// A gallery in one sealed file: JSON lines in the age format, a head, a line a person, and an end that counts them. No
// names of files are in it, so nothing in it is ever a path.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Type, { type Static, type TSchema } from 'typebox';
import Value from 'typebox/value';
import type { MovedGallery, MovedPerson } from '../core/operations/move-gallery.ts';
import { BadBackupError } from './bad-backup-error.ts';
import { type OpenedWith, type SealedTo, seal, unseal } from './seal.ts';

const FORMAT = 'kith gallery 1';
/** 248 faces with their pictures, in base64. */
const MAX_LINE_BYTES = 128 * 1024 * 1024;

const Text = Type.String({ maxLength: 65_536 });
const Optional = Type.Optional(Text);
const Level = Type.Enum(['low', 'medium', 'high']);
const Reason = Type.Enum([
  'too-small',
  'blurred',
  'too-dark',
  'too-bright',
  'turned-away',
  'eyes-covered',
  'mouth-covered',
  'indistinct',
]);

const Head = Type.Object({
  format: Type.Literal(FORMAT),
  gallery: Type.Object({
    name: Text,
    userData: Optional,
    recognitionModel: Text,
    targetFpir: Type.Optional(Type.Number()),
    keepPhotos: Type.Boolean(),
    purpose: Optional,
    lawfulBasis: Optional,
    retentionDays: Type.Integer(),
    consentPolicy: Type.Enum(['attested', 'required']),
    twoPersonRule: Type.Optional(Type.Boolean()),
    packId: Text,
    dims: Type.Integer({ minimum: 1, maximum: 4096 }),
  }),
});
const Person = Type.Object({
  personId: Text,
  name: Text,
  userData: Optional,
  createdMs: Type.Integer(),
  lastUsedMs: Type.Integer(),
  consent: Type.Optional(
    Type.Object({
      givenBy: Text,
      method: Text,
      textHash: Text,
      givenMs: Type.Integer(),
      untilMs: Type.Optional(Type.Integer()),
    }),
  ),
  faces: Type.Array(
    Type.Object({
      enrolmentId: Text,
      userData: Optional,
      box: Type.Object({
        leftPx: Type.Number(),
        topPx: Type.Number(),
        widthPx: Type.Number(),
        heightPx: Type.Number(),
      }),
      quality: Type.Object({ level: Level, reasons: Type.Array(Reason) }),
      sourceHash: Optional,
      createdMs: Type.Integer(),
      template: Type.String(),
      photo: Type.Optional(Type.String()),
    }),
  ),
});
const End = Type.Object({ persons: Type.Integer(), sha256: Type.String() });

/** Answers how many are in it. The file is there whole and safe on the disk, or not at all. */
export async function writeGalleryFile(
  wish: { readonly to: string; readonly sealedTo: SealedTo },
  gallery: MovedGallery,
  people: AsyncIterable<MovedPerson>,
): Promise<number> {
  const { to, sealedTo } = wish;
  if (await stat(to).catch(() => undefined)) throw new BadBackupError(`${to} is there already: name a new file.`);
  const partial = `${to}.partial`;
  let persons = 0;
  async function* lines(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    const line = (value: object): Uint8Array => {
      const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
      hash.update(bytes);
      return bytes;
    };
    yield line({ format: FORMAT, gallery });
    for await (const person of people) {
      yield line({ ...person, faces: person.faces.map(wireFace) });
      persons++;
    }
    yield Buffer.from(`${JSON.stringify({ persons, sha256: hash.digest('hex') })}\n`);
  }
  try {
    const sealed = await seal(ReadableStream.from(lines()), sealedTo);
    await pipeline(
      Readable.fromWeb(sealed as never),
      createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }),
    );
    await link(partial, to);
    return persons;
  } finally {
    await rm(partial, { force: true });
  }
}

function wireFace({ template, photo, ...face }: MovedPerson['faces'][number]) {
  const bytes = Buffer.from(template.buffer, template.byteOffset, template.byteLength);
  return {
    ...face,
    template: bytes.toString('base64'),
    ...(photo ? { photo: Buffer.from(photo).toString('base64') } : {}),
  };
}

export interface GalleryFile {
  readonly gallery: MovedGallery;
  /** Everybody in it, once; throws BadBackupError at its end unless all were there. */
  readonly people: AsyncGenerator<MovedPerson, void, undefined>;
}

/** Throws BadBackupError where the key is wrong, or the file is none. */
export async function openGalleryFile(from: string, key: OpenedWith): Promise<GalleryFile> {
  // Opened here, so that a file that isn't there is told at once
  await (await open(from, 'r')).close();
  const plain = await unseal(Readable.toWeb(createReadStream(from)) as ReadableStream<Uint8Array>, key);
  const lines = linesOf(plain);
  const first = await lines.next();
  const head = first.done ? undefined : parse(Head, first.value);
  if (!head || first.done) throw new BadBackupError('It is no exported gallery.');
  return { gallery: head.gallery as MovedGallery, people: peopleOf(lines, first.value) };
}

async function* peopleOf(lines: AsyncGenerator<Buffer>, head: Buffer): AsyncGenerator<MovedPerson, void, undefined> {
  const hash = createHash('sha256').update(head).update('\n');
  let persons = 0;
  for await (const line of lines) {
    const person = parse(Person, line);
    if (person) {
      hash.update(line).update('\n');
      persons++;
      yield corePerson(person);
      continue;
    }
    const end = parse(End, line);
    if (!end) throw new BadBackupError(`What it says of person ${persons + 1} is not readable.`);
    if (end.persons !== persons || end.sha256 !== hash.digest('hex')) break;
    if ((await lines.next()).done) return;
    break;
  }
  throw new BadBackupError('It is cut off or was changed; ask for it again.');
}

function corePerson({ faces, ...person }: Static<typeof Person>): MovedPerson {
  return {
    ...person,
    faces: faces.map(({ template, photo, ...face }) => ({
      ...face,
      template: floats(template),
      ...(photo === undefined ? {} : { photo: new Uint8Array(Buffer.from(photo, 'base64')) }),
    })),
  } as MovedPerson;
}

function floats(base64: string): Float32Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
}

function parse<T extends TSchema>(schema: T, line: Buffer): Static<T> | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return Value.Check(schema, value) ? (value as Static<T>) : undefined;
  } catch {
    return undefined;
  }
}

async function* linesOf(plain: ReadableStream<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of Readable.fromWeb(plain as never) as AsyncIterable<Uint8Array>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        parts.push(chunk.subarray(from, end));
        yield Buffer.concat(parts);
        parts = [];
        bytes = 0;
        from = end + 1;
      }
      bytes += chunk.length - from;
      if (bytes > MAX_LINE_BYTES) throw new BadBackupError('A person in it is too large to be one.');
      parts.push(chunk.subarray(from));
    }
  } catch (error) {
    if (error instanceof BadBackupError) throw error;
    throw new BadBackupError('It is cut off or was changed; ask for it again.', { cause: error });
  }
}
