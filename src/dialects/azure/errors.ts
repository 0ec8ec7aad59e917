// From what Kith refuses to what Azure answers: status, code and message as in Azure's table of error codes.
import { type ImageFault, KithError, type Problem, type ProblemOf } from '../../core/errors.ts';
import type { GalleryKind } from '../../core/types.ts';
import { argumentRefusal } from './argument-errors.ts';
import { CONTAINERS, type ContainerWords, containerByIdName, FACE_LIST, LARGE_FACE_LIST } from './container-words.ts';
import { AzureRefusal } from './refusal.ts';

/** What the same problem's answer depends on. */
export interface ErrorContext {
  readonly operation:
    | 'detect'
    | 'identify'
    | 'verify'
    | 'find-similar'
    | 'group'
    | 'container'
    | 'directory'
    | 'session'
    | 'snapshot'
    | 'operation';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Names of the ids in the route's path. */
  readonly pathIds: readonly string[];
}

export interface AzureError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterS?: number;
}

const UNAUTHENTICATED =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.';

/** The answer to anything thrown; undefined for a bug or an outage, of which the caller learns nothing. */
export function azureErrorOf(error: unknown, context: ErrorContext): AzureError | undefined {
  if (error instanceof KithError) return azureErrorOfProblem(error.problem, context);
  if (error instanceof AzureRefusal) return { status: error.status, code: error.code, message: error.message };
  return undefined;
}

export function azureErrorOfProblem(problem: Problem, context: ErrorContext): AzureError {
  switch (problem.kind) {
    case 'not-found':
      return notFound(problem, context);
    case 'already-exists':
      return alreadyExists(problem);
    case 'invalid-argument':
      return argumentRefusal(problem, context);
    case 'limit-exceeded':
      return { status: 403, code: 'QuotaExceeded', message: problem.message };
    case 'image-unusable':
      return IMAGE_ERRORS[problem.fault];
    case 'image-unreachable':
      return {
        status: 400,
        code: 'InvalidURL',
        message:
          'Invalid image URL or error downloading from target server. Remote server error returned: "An error occurred while sending the request."',
      };
    case 'model-mismatch':
      return badArgument("'recognitionModel' is incompatible.");
    case 'gallery-not-ready':
      return notReady(problem);
    case 'conflict':
      return {
        status: 409,
        code: 'ConcurrentOperationConflict',
        message: `There is a conflict operation on resource \`${problem.resource}\`, please try later.`,
      };
    case 'consent-required':
      return { status: 403, code: 'ConsentRequired', message: problem.message };
    case 'unauthenticated':
      return { status: 401, code: '401', message: UNAUTHENTICATED };
    case 'forbidden':
      return { status: 403, code: 'PermissionDenied', message: problem.message };
    case 'unsupported':
      return { status: 403, code: 'UnsupportedFeature', message: problem.message };
    case 'busy':
      return { status: 429, code: '429', message: 'Rate limit is exceeded.', retryAfterS: problem.retryAfterS };
    case 'unavailable':
      return {
        status: 503,
        code: 'ServiceUnavailable',
        message: 'The service is temporarily unavailable, please try later.',
        retryAfterS: problem.retryAfterS,
      };
  }
}

const IMAGE_ERRORS: Record<ImageFault, AzureError> = {
  undecodable: invalidImage('Decoding error, image format unsupported.'),
  'no-face': invalidImage('No face detected in the image.'),
  'several-faces': invalidImage('There is more than 1 face in the image.'),
  'low-quality': invalidImage('The quality of the face in the image is too low.'),
  'too-few-bytes': invalidImageSize('Image size is too small.'),
  'too-many-bytes': invalidImageSize('Image size is too big.'),
  'too-many-pixels': invalidImageSize('Image size is too big.'),
};

function notFound(problem: ProblemOf<'not-found'>, context: ErrorContext): AzureError {
  const container = containerInPath(context);
  switch (problem.resource) {
    case 'probe':
      // Azure: 404 where two faces are compared, 400 everywhere else.
      return {
        status: context.operation === 'verify' ? 404 : 400,
        code: 'FaceNotFound',
        message: `Face \`${problem.id}\` is not found.`,
      };
    case 'gallery': {
      const words = wordsOf(problem.galleryKind) ?? container;
      return {
        status: problem.byReference ? 400 : 404,
        code: `${words?.code ?? 'PersonGroup'}NotFound`,
        message: `${words?.label ?? 'Person group'} is not found.`,
      };
    }
    case 'person':
      // In a face list each face stands for itself, and Azure knows no person there.
      if (container === FACE_LIST || container === LARGE_FACE_LIST) return listedFaceNotFound(problem.id, container);
      return { status: 404, code: 'PersonNotFound', message: `Person \`${problem.id}\` is not found.` };
    // Azure shows no pictures, merges nobody, keeps no consent and knows no second person: none is asked for through its door
    case 'consent':
    case 'erasure':
    case 'photo':
    case 'merge':
    case 'review':
    case 'key':
    case 'enrolment':
      if (container === FACE_LIST || container === LARGE_FACE_LIST) return listedFaceNotFound(problem.id, container);
      return {
        status: 404,
        code: 'PersistedFaceNotFound',
        message:
          context.operation === 'verify'
            ? 'No persisted face of the person is found.'
            : `Persisted face \`${problem.id}\` is not found.`,
      };
    case 'roster':
      return {
        status: context.pathIds.includes('dynamicPersonGroupId') ? 404 : 400,
        code: 'DynamicPersonGroupNotFound',
        message: 'Dynamic person group is not found.',
      };
    case 'snapshot':
      return { status: 404, code: 'SnapshotNotFound', message: `Snapshot \`${problem.id}\` is not found.` };
    case 'session':
      return { status: 404, code: 'SessionNotFound', message: `Session \`${problem.id}\` is not found.` };
    case 'operation':
      return { status: 404, code: 'OperationNotFound', message: `Operation \`${problem.id}\` is not found.` };
  }
}

function listedFaceNotFound(faceId: string, list: ContainerWords): AzureError {
  return {
    status: 404,
    code: 'PersistedFaceNotFound',
    message:
      list === LARGE_FACE_LIST
        ? `Large Face List Face \`${faceId}\` is not found.`
        : `Persisted face \`${faceId}\` is not found.`,
  };
}

function alreadyExists(problem: ProblemOf<'already-exists'>): AzureError {
  if (problem.resource === 'roster') {
    return {
      status: 409,
      code: 'DynamicPersonGroupExists',
      message: `Dynamic person group \`${problem.id}\` already exists.`,
    };
  }
  const words = wordsOf(problem.galleryKind);
  if (problem.resource !== 'gallery' || !words) {
    return {
      status: 409,
      code: 'ConcurrentOperationConflict',
      message: `There is a conflict operation on resource \`${problem.id}\`, please try later.`,
    };
  }
  return { status: 409, code: `${words.code}Exists`, message: `${words.label} \`${problem.id}\` already exists.` };
}

function notReady(problem: ProblemOf<'gallery-not-ready'>): AzureError {
  const words = wordsOf(problem.galleryKind);
  // Azure trains no face list; one without faces is not ready.
  if (!words || words === FACE_LIST) return { status: 400, code: 'FaceListNotReady', message: 'Face list is empty.' };
  return {
    status: problem.byReference ? 400 : 404,
    code: `${words.code}NotTrained`,
    message: `${words.label} is not trained.`,
  };
}

function containerInPath(context: ErrorContext): ContainerWords | undefined {
  return context.pathIds.map(containerByIdName).find((words) => words !== undefined);
}

function wordsOf(kind: GalleryKind | undefined): ContainerWords | undefined {
  return kind === undefined || kind === 'directory' ? undefined : CONTAINERS[kind];
}

function badArgument(message: string): AzureError {
  return { status: 400, code: 'BadArgument', message };
}

function invalidImage(message: string): AzureError {
  return { status: 400, code: 'InvalidImage', message };
}

function invalidImageSize(message: string): AzureError {
  return { status: 400, code: 'InvalidImageSize', message };
}
