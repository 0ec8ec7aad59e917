import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidArgument } from '../../core/checks.ts';
import { KithError } from '../../core/errors.ts';
import { MAX_IMAGE_BYTES } from '../../core/limits.ts';
import { readForm } from '../http/form-body.ts';

/** The longest JSON Azure's limits allow: a name, user data of 16,384 characters, or 1,000 face ids. */
export const MAX_JSON_BYTES = 1024 * 1024;

/** A photo that is too big is read to its end without being kept, so that its sender hears why; up to here. */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;

/** JSON, raw photos and forms, chunked or not; anything else is refused before it is read. */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // Prototype keys are refused, not dropped.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_JSON_BYTES },
    (request, text, done) => {
      // Some clients say JSON on requests without a body.
      if (text === '') return done(null, undefined);
      parseJson(request, text as string, (error, body) => {
        if (error) done(invalidArgument('json', 'malformed', 'The body is not JSON.'));
        else done(null, body);
      });
    },
  );
  app.addContentTypeParser('application/octet-stream', (_request: FastifyRequest, stream: IncomingMessage) =>
    readImage(stream),
  );
  app.addContentTypeParser('multipart/form-data', (request: FastifyRequest, stream: IncomingMessage) =>
    readForm(request.headers, stream, MAX_IMAGE_BYTES),
  );
}

async function readImage(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) break;
    if (bytes <= MAX_IMAGE_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > MAX_IMAGE_BYTES) {
    throw new KithError({
      kind: 'image-unusable',
      fault: 'too-many-bytes',
      message: `A photo has at most ${MAX_IMAGE_BYTES} bytes here.`,
    });
  }
  return Buffer.concat(chunks, bytes);
}
