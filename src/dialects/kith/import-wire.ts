// What goes over the wire when many photos of many people are imported.
import Type from 'typebox';
import { MAX_CONSENT_LENGTH, MAX_NAME_LENGTH } from '../../core/limits.ts';
import { Consent } from './consent-wire.ts';
import { EnrolledFace, FaceQuality } from './wire.ts';

const PersonName = Type.String({
  minLength: 1,
  maxLength: MAX_NAME_LENGTH,
  description: 'One name is one person here: of several who are called so, the first is meant.',
});
const Hash = '^[0-9a-fA-F]{64}$';

export const ImportQuery = Type.Object({
  person: PersonName,
  minQuality: Type.Optional(Type.Enum(['low', 'medium', 'high'], { default: 'medium' })),
  largestFace: Type.Optional(Type.Boolean({ description: 'Of several faces take the largest, instead of refusing.' })),
  dryRun: Type.Optional(Type.Boolean({ description: 'Says what would happen, and writes nothing.' })),
  consentBy: Type.Optional(
    Type.String({ minLength: 1, maxLength: MAX_CONSENT_LENGTH, description: 'The person when left out.' }),
  ),
  consentMethod: Type.Optional(
    Type.String({ minLength: 1, maxLength: MAX_CONSENT_LENGTH, description: 'How it was given: signed on paper.' }),
  ),
  consentTextHash: Type.Optional(
    Type.String({ pattern: Hash, description: 'SHA-256 of the text that was consented to, hex.' }),
  ),
  consentGivenAt: Type.Optional(Type.String({ format: 'date-time', description: 'Now when left out.' })),
  consentUntil: Type.Optional(
    Type.String({ format: 'date-time', description: 'Until it is withdrawn when left out.' }),
  ),
});

export const Imported = Type.Object({
  outcome: Type.Enum(['enrolled', 'already-enrolled', 'usable'], { description: 'usable: in a dry run.' }),
  personId: Type.Optional(Type.String()),
  face: Type.Optional(EnrolledFace),
  quality: FaceQuality,
  consentGiven: Type.Optional(Consent),
});

export const ImportLookup = Type.Object({
  person: PersonName,
  sourceHash: Type.String({ pattern: Hash, description: 'SHA-256 of the photo, hex.' }),
});
export const KnownPhoto = Type.Object({
  personId: Type.Optional(Type.String()),
  face: Type.Optional(EnrolledFace),
});
