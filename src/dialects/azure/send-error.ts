import type { FastifyReply, FastifyRequest } from 'fastify';
import { outageOf } from '../http/outage.ts';
import { type AzureError, azureErrorOf, type ErrorContext } from './errors.ts';

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: ErrorContext;
}

/** What is neither Kith's nor Azure's refusal: logged with the request's id, and hidden from the caller. */
const UNEXPECTED: AzureError = {
  status: 500,
  code: 'InternalServerError',
  message: 'An unexpected error happened. The apim-request-id of this answer is in the log beside what it was.',
};

export function sendError(error: unknown, { request, reply, context }: Exchange): FastifyReply {
  const outage = outageOf(error);
  if (outage) request.log.warn({ err: error }, 'the machine lacks something');
  const answer = azureErrorOf(outage ?? error, context) ?? httpFault(error);
  // Whoever went away has their work stopped, and that is no fault.
  if (!answer && !reply.raw.destroyed) request.log.error({ err: error }, 'unexpected error');
  return sendAzureError(reply, answer ?? UNEXPECTED);
}

export function sendAzureError(reply: FastifyReply, answer: AzureError): FastifyReply {
  reply.code(answer.status).header('x-ms-error-code', answer.code);
  if (answer.retryAfterS !== undefined) reply.header('retry-after', answer.retryAfterS);
  return reply.send({ error: { code: answer.code, message: answer.message } });
}

/** Fastify's own refusals of a request it could not read. */
function httpFault(error: unknown): AzureError | undefined {
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return { status: 415, code: 'BadArgument', message: 'Invalid Media Type.' };
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { status: 413, code: 'BadArgument', message: 'Request body is invalid.' };
  }
  // A client that hung up half-way reads no answer; a body that can't be read is its sender's fault all the same.
  if (
    code === 'ECONNRESET' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    (statusCode !== undefined && statusCode < 500)
  ) {
    return { status: 400, code: 'BadArgument', message: 'Request body is invalid.' };
  }
  return undefined;
}
