// What a service, or the way to it, answers instead of what was asked; in words for who typed the command.
import type { ArgumentFault, ImageFault } from '../../core/errors.ts';
import { KithError } from '../../core/errors.ts';

/** A sentence for people; not a fault of this program. */
export class ServiceError extends Error {
  readonly status: number | undefined;
  readonly code: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly status?: number; readonly code?: string } = {}) {
    super(message, options);
    this.name = 'ServiceError';
    this.status = options.status;
    this.code = options.code;
  }
}

/** RFC 9457, as Kith's own API answers it. */
export interface ProblemBody {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly limit?: string;
}

const IMAGE_FAULTS: ReadonlySet<string> = new Set<ImageFault>([
  'undecodable',
  'too-few-bytes',
  'too-many-bytes',
  'too-many-pixels',
  'no-face',
  'several-faces',
  'low-quality',
]);
const ARGUMENT_FAULTS: readonly ArgumentFault[] = [
  'missing',
  'empty',
  'too-long',
  'malformed',
  'out-of-range',
  'unknown',
];

/** The error that the same operation on the data directory would have thrown, where there is one. */
export function errorOfProblem(problem: ProblemBody, request: string): Error {
  const { status, code, detail: message } = problem;
  const fault = code.startsWith('image-') ? code.slice('image-'.length) : '';
  if (IMAGE_FAULTS.has(fault)) {
    return new KithError({ kind: 'image-unusable', fault: fault as ImageFault, message });
  }
  switch (code) {
    case 'body-too-large':
      return new KithError({ kind: 'image-unusable', fault: 'too-many-bytes', message });
    case 'consent-required':
      return new KithError({ kind: 'consent-required', message });
    case 'limit-exceeded':
      return new KithError({ kind: 'limit-exceeded', limit: problem.limit ?? '', max: Number.NaN, message });
    case 'unauthenticated':
      return new ServiceError('The service does not know this key: it was revoked, or belongs to another service.', {
        status,
        code,
      });
    case 'operation-not-found':
      return new ServiceError(`The service does not know ${request}: it is older than this command line.`, {
        status,
        code,
      });
    case 'internal':
      return new ServiceError(
        `Something went wrong in the service; its log says what, at request ${problem.requestId}.`,
        {
          status,
          code,
        },
      );
  }
  const argument = argumentOf(code);
  if (argument) return new KithError({ kind: 'invalid-argument', ...argument, message });
  return new ServiceError(message, { status, code });
}

function argumentOf(code: string): { readonly argument: string; readonly reason: ArgumentFault } | undefined {
  const reason = ARGUMENT_FAULTS.find((fault) => code.endsWith(`-${fault}`));
  return reason && { argument: code.slice(0, -reason.length - 1), reason };
}

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Why no answer came at all. */
export function errorOfConnection(error: unknown, baseUrl: string): ServiceError {
  const { code = '' } = (error as { readonly cause?: NodeJS.ErrnoException }).cause ?? (error as NodeJS.ErrnoException);
  const fault = codeOf(error) ?? code;
  return new ServiceError(connectionSentence(fault, baseUrl), { cause: error, code: fault });
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return (error as NodeJS.ErrnoException).code;
}

function connectionSentence(code: string, baseUrl: string): string {
  if (UNTRUSTED.has(code)) {
    return `${baseUrl} shows a certificate of somebody unknown: name your authority's with --ca (the ca.pem of kith cert).`;
  }
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${baseUrl}: is the service running, and is this its port?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${baseUrl} can't be found: is the name right, and the network up?`;
    case 'CERT_HAS_EXPIRED':
      return `The certificate of ${baseUrl} has expired: kith cert makes another.`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate of ${baseUrl} is for other names: call the service by one that it is for.`;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${baseUrl} can't be reached from here: a firewall, or another network?`;
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return `${baseUrl} took the request and did not answer in time.`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `${baseUrl} doesn't speak TLS: is it http?`;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'EPIPE':
      return `${baseUrl} broke off the connection.`;
    default:
      return `${baseUrl} gives no answer (${code === '' ? 'no reason given' : code}).`;
  }
}
