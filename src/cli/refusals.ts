import { KithError, type Problem } from '../core/errors.ts';
import { displayName } from './image-file.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** Why a photo was not taken; a stable code, a sentence, and what would help. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly message: string;
}

export type RefusalReason = keyof typeof ADVICE;

/** What to do about it. The keys are the `reason` of `--json` and of the report: stable. */
export const ADVICE = {
  'no-face': 'Take a photo in which the face is sharp, well lit, turned to the camera and not tiny.',
  'several-faces': 'Crop the photo to the person meant, or use --largest-face to take the largest face of each photo.',
  'low-quality':
    'Take a larger, sharper, evenly lit photo, looking at the camera; or accept it with --min-quality low.',
  undecodable: 'The file is damaged or no photo: export it again as JPEG, PNG, GIF, BMP or WebP.',
  'too-few-bytes': 'The file is empty or nearly so: copy it again from where it came.',
  'too-many-bytes': 'Save the photo smaller: faces need no more than a few megapixels.',
  'too-many-pixels': 'Save the photo smaller: faces need no more than a few megapixels.',
  'format-unsupported': 'Export it as JPEG, PNG or WebP.',
  unreadable: 'Look whether the file is there and may be read.',
  'name-unusable': 'Rename the person: 1 to 128 characters, without control characters.',
  'consent-required':
    'Put their consent on record first: kith consent give, with --new for somebody who isn’t there yet.',
  'consent-unusable':
    'Say of each person once who consented, how, to what text and until when: kith enrol --help lists the columns.',
  'person-full': 'The person has all the photos that are allowed: more would not make them easier to recognise.',
  'gallery-full': 'The gallery has all the people that are allowed: enrol into another one.',
} as const;

export function adviceFor(reason: RefusalReason): string {
  return ADVICE[reason];
}

/** What a photo or a person's name can be refused for; any other error is not the photo's fault and is thrown on. */
export function refusalOf(error: unknown): Refusal {
  const reason = error instanceof KithError ? reasonOf(error.problem) : undefined;
  if (reason === undefined) throw error;
  return { reason, message: (error as KithError).message };
}

/** As core calls what is told of a consent. */
const CONSENT_ARGUMENTS: ReadonlySet<string> = new Set(['givenBy', 'method', 'textHash', 'givenAt', 'until']);

function reasonOf(problem: Problem): RefusalReason | undefined {
  switch (problem.kind) {
    case 'image-unusable':
      return problem.fault;
    case 'image-unreachable':
      return 'unreadable';
    case 'invalid-argument':
      if (problem.argument === 'name') return 'name-unusable';
      return CONSENT_ARGUMENTS.has(problem.argument) ? 'consent-unusable' : undefined;
    case 'limit-exceeded':
      return problem.limit === 'enrolments' ? 'person-full' : 'gallery-full';
    case 'consent-required':
      return 'consent-required';
    default:
      return undefined;
  }
}

/** As a line of JSON, or in a sentence on standard error. */
export function tellRefusal(terminal: Terminal, file: string, { reason, message }: Refusal): void {
  const advice = adviceFor(reason);
  terminal.record({ type: 'refused', file, reason, message, advice });
  if (!terminal.isJson) terminal.fail(`${displayName(file)}: ${printable(message)} ${advice}`);
}
