// Shapes that several of Azure's operations share. One value is check, type and OpenAPI at once.
import Type from 'typebox';
import {
  MAX_FACE_USER_DATA_LENGTH,
  MAX_ID_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PAGE,
  MAX_USER_DATA_LENGTH,
} from '../../core/limits.ts';

const GUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** An id that Kith made. */
export const Guid = Type.String({ pattern: `^${GUID}$`, description: 'Lower-case GUID.' });
/** The same, or all there are. */
export const GuidOrAll = Type.String({ pattern: `^(${GUID}|\\*)$` });

/** An id that the caller chose. */
export const ContainerId = Type.String({ pattern: '^[a-z0-9_-]+$', maxLength: MAX_ID_LENGTH });

export const RecognitionModel = Type.String({
  enum: ['recognition_01', 'recognition_02', 'recognition_03', 'recognition_04'],
  description: 'recognition_01 when left out.',
});
export const DEFAULT_RECOGNITION_MODEL = 'recognition_01';

export const DetectionModel = Type.String({
  enum: ['detection_01', 'detection_02', 'detection_03'],
  description: 'detection_01 when left out.',
});
export const DEFAULT_DETECTION_MODEL = 'detection_01';

export const Name = Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH });
export const UserData = Type.String({ maxLength: MAX_USER_DATA_LENGTH });
export const FaceUserData = Type.String({ maxLength: MAX_FACE_USER_DATA_LENGTH });

export const NameAndUserData = Type.Object({ name: Name, userData: Type.Optional(UserData) });
export const NamePatch = Type.Object({ name: Type.Optional(Name), userData: Type.Optional(UserData) });
export const FacePatch = Type.Object({ userData: Type.Optional(FaceUserData) });

export const PageQuery = Type.Object({
  start: Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH, description: 'Ids after this one, in ordinal order.' })),
  top: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: '1000 when left out.' })),
});
export const ModelQuery = Type.Object({
  returnRecognitionModel: Type.Optional(Type.Boolean({ description: 'false when left out.' })),
});

export const Confidence = Type.Number({ minimum: 0, maximum: 1 });

/** Azure gives a confidence five decimals. */
export function roundConfidence(confidence: number): number {
  return Math.round(confidence * 1e5) / 1e5;
}

export const FaceRectangle = Type.Object({
  top: Type.Integer(),
  left: Type.Integer(),
  width: Type.Integer(),
  height: Type.Integer(),
});

export const QualityForRecognition = Type.String({ enum: ['low', 'medium', 'high'] });

export const ErrorAnswer = Type.Object({ error: Type.Object({ code: Type.String(), message: Type.String() }) });

/** Core's page of a query: `start` is exclusive. */
export function pageOf(query: { readonly start?: string; readonly top?: number }): { after?: string; limit: number } {
  return { ...(query.start === undefined ? {} : { after: query.start }), limit: query.top ?? MAX_PAGE };
}

/** Members that have a value: Azure leaves the others out. */
export function givenUserData(holder: { readonly userData?: string }): { userData?: string } {
  return holder.userData === undefined ? {} : { userData: holder.userData };
}

export function dateTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
