import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { invalidArgument } from '../../core/checks.ts';
import { KithError } from '../../core/errors.ts';

/** Fields as text, files as bytes, by name; of two with one name the last counts. */
export type FormBody = Readonly<Record<string, string | Uint8Array>>;

const LIMITS = { fieldNameSize: 100, fieldSize: 64 * 1024, fields: 20, files: 2, parts: 22, headerPairs: 50 };

/** A multipart form; what has neither a file name nor the type application/octet-stream counts as a field. */
export async function readForm(
  headers: IncomingHttpHeaders,
  stream: IncomingMessage,
  maxFileBytes: number,
): Promise<FormBody> {
  const form = new Map<string, string | Uint8Array>();
  let isTooBig = false;
  let hasTooMany = false;
  let cutOff: unknown;
  const busboy = openBusboy(headers, maxFileBytes);
  busboy.on('field', (name, value, nameTruncated, valueTruncated) => {
    if (nameTruncated || valueTruncated) isTooBig = true;
    form.set(name, value);
  });
  busboy.on('file', (name, file) => {
    const chunks: Buffer[] = [];
    // Without a listener, a form that is cut off would end the whole service
    file.on('error', (error: unknown) => {
      cutOff = error;
    });
    file.on('data', (chunk: Buffer) => chunks.push(chunk));
    file.on('end', () => {
      if (file.truncated) isTooBig = true;
      form.set(name, Buffer.concat(chunks));
    });
  });
  for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
    busboy.on(limit, () => {
      hasTooMany = true;
    });
  }
  await pipeline(stream, busboy).catch((error: unknown) => {
    throw malformed(error);
  });
  if (cutOff) throw malformed(cutOff);
  if (hasTooMany) throw invalidArgument('body', 'out-of-range', 'The form has more parts than are taken here.');
  if (isTooBig) {
    throw new KithError({
      kind: 'image-unusable',
      fault: 'too-many-bytes',
      message: `A photo has at most ${maxFileBytes} bytes here.`,
    });
  }
  return Object.fromEntries(form);
}

/** The constructor itself throws when the content type has no boundary. */
function openBusboy(headers: IncomingHttpHeaders, fileSize: number) {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits: { ...LIMITS, fileSize } });
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(cause: unknown): KithError {
  const { problem } = invalidArgument('body', 'malformed', 'The body is not a form.');
  return new KithError(problem, { cause });
}
