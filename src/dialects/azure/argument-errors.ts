// What Azure says of an argument it refuses: one message an argument, whoever found the fault (a schema or core).
import type { ProblemOf } from '../../core/errors.ts';
import { containerByIdName } from './container-words.ts';
import type { AzureError, ErrorContext } from './errors.ts';

type ArgumentProblem = ProblemOf<'invalid-argument'>;

/** Messages that don't depend on the operation or the fault. */
const MESSAGES: Readonly<Record<string, string>> = {
  body: 'Request body is invalid.',
  json: 'JSON parsing error.',
  url: 'Request body is invalid.',
  recognitionModel: "'recognitionModel' is invalid.",
  detectionModel: "'detectionModel' is invalid.",
  top: "'top' is invalid.",
  returnFaceAttributes: 'Invalid argument returnFaceAttributes.',
  confidenceThreshold: 'The argument confidenceThreshold is not valid.',
  mode: 'Mode is invalid.',
  objectId: 'Object ID is invalid.',
  galleryId: 'Object ID is invalid.',
  type: 'Snapshot type is invalid.',
  applyScope: 'Apply scope is invalid.',
  faceId: 'Face ID is invalid.',
  faceId1: 'Face ID is invalid.',
  faceId2: 'Face ID is invalid.',
  personId: 'Person ID is invalid.',
  personIds: 'Person ID is invalid.',
  addPersonIds: 'Person ID is invalid.',
  removePersonIds: 'Person ID is invalid.',
  dynamicPersonGroupId: 'Dynamic person group ID is invalid.',
};

/** Ids of the path that can't be the id of anything: not found, in these words. */
const PATH_ID_NOT_FOUND: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  personId: { code: 'PersonNotFound', message: 'Person ID is invalid.' },
  persistedFaceId: { code: 'PersistedFaceNotFound', message: 'Persisted face ID is invalid.' },
  sessionId: { code: 'SessionNotFound', message: 'Session ID is invalid.' },
  sessionImageId: { code: 'SessionImageNotFound', message: 'Session image ID is invalid.' },
  operationId: { code: 'OperationNotFound', message: 'Operation ID is invalid.' },
  snapshotId: { code: 'SnapshotNotFound', message: 'Snapshot ID is invalid.' },
  dynamicPersonGroupId: { code: 'DynamicPersonGroupNotFound', message: 'Dynamic person group ID is invalid.' },
};

export function argumentRefusal(problem: ArgumentProblem, context: ErrorContext): AzureError {
  const { argument } = problem;
  if (context.operation === 'session' && !context.pathIds.includes(argument)) return sessionArgument(problem);
  const inPath = context.pathIds.includes(argument);
  const container = containerByIdName(argument);
  if (container) {
    const message = `${container.label} ID is invalid.`;
    // An id that can't be is a bad argument to whoever creates it, and not there for everybody else.
    return inPath && context.method !== 'PUT'
      ? { status: 404, code: `${container.code}NotFound`, message }
      : badArgument(message);
  }
  const missing = inPath && context.method !== 'PUT' ? PATH_ID_NOT_FOUND[argument] : undefined;
  if (missing) return { status: 404, ...missing };
  if (argument === 'recognitionModel' && inPath) {
    return badArgument('Recognition model is not supported for this feature.');
  }
  if (argument === 'url' && problem.reason !== 'missing')
    return { status: 400, code: 'InvalidURL', message: 'Invalid image URL.' };
  return badArgument(messageOf(problem, context));
}

function messageOf({ argument, reason }: ArgumentProblem, context: ErrorContext): string {
  const fixed = MESSAGES[argument];
  switch (argument) {
    case 'name':
      if (reason === 'too-long') return "'name' is too long.";
      if (context.method === 'PATCH' && reason === 'missing') return "Both 'name' and 'userData' are empty.";
      return reason === 'missing' || reason === 'empty' ? "'name' is empty." : "'name' is invalid.";
    case 'userData':
      return reason === 'too-long' ? "'userData' is too long." : "'userData' is invalid.";
    case 'start':
      return reason === 'too-long' ? "'start' is too long." : "'start' is not valid person ID.";
    case 'targetFace':
      return reason === 'out-of-range' ? 'Argument targetFace out of range.' : 'Invalid argument targetFace.';
    case 'faceIds':
      return reason === 'out-of-range' || reason === 'missing' ? faceIdsLength(context) : 'Face ID is invalid.';
    case 'maxNumOfCandidatesReturned':
      return context.operation === 'find-similar'
        ? 'The argument maxNumOfCandidatesReturned is not valid. The valid range is between [1, 1000]'
        : 'The argument maxNumOfCandidatesReturned is not valid.';
    default:
      return fixed ?? `'${argument}' is invalid.`;
  }
}

/** Liveness sessions have codes of their own where everything else says BadArgument. */
const SESSION_ARGUMENTS: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  start: { code: 'BadArgument', message: 'Start parameter is invalid.' },
  top: { code: 'BadArgument', message: 'Top parameter is invalid. Valid range is between 1 and 1000 inclusive.' },
  json: { code: 'InvalidRequestBody', message: 'JSON parsing error.' },
  authTokenTimeToLiveInSeconds: {
    code: 'InvalidTokenLifetime',
    message: 'The argument authTokenTimeToLiveInSeconds is not valid. The valid range is between [60, 86400].',
  },
  livenessOperationMode: {
    code: 'InvalidLivenessOperationMode',
    message: 'The argument livenessOperationMode is missing or not valid.',
  },
  deviceCorrelationId: {
    code: 'InvalidDeviceCorrelationId',
    message: 'The argument deviceCorrelationId is not valid.',
  },
};

function sessionArgument({ argument }: ArgumentProblem): AzureError {
  const words = SESSION_ARGUMENTS[argument] ?? { code: 'InvalidRequestBody', message: 'Request body is invalid.' };
  return { status: 400, ...words };
}

function faceIdsLength(context: ErrorContext): string {
  const range =
    context.operation === 'find-similar'
      ? ' Valid range: [1, 1000].'
      : context.operation === 'group'
        ? ' Valid range: [2, 1000].'
        : '';
  return `The length of faceIds is not in a valid range.${range}`;
}

function badArgument(message: string): AzureError {
  return { status: 400, code: 'BadArgument', message };
}
