import { KithError } from '../../core/errors.ts';
import type { NewEnrolment } from '../../core/storage/enrolments.ts';
import type { Enrolment } from '../../core/types.ts';

export type NewEnrolmentColumns = [
  personNo: number,
  enrolmentId: string,
  userData: string | null,
  leftPx: number,
  topPx: number,
  widthPx: number,
  heightPx: number,
  qualityLevel: string,
  qualityReasons: string,
  sourceHash: string | null,
  packId: string,
  createdMs: number,
];

/** The face was read before the gallery changed its model. */
export function modelChanged(): KithError {
  return new KithError({
    kind: 'conflict',
    resource: 'gallery',
    message: 'The gallery changed its model meanwhile; enrol the face again.',
  });
}

export function stored(enrolment: NewEnrolment, personId: string, enrolmentNo: number): Enrolment {
  const { enrolmentId, userData, box, quality, sourceHash, createdMs } = enrolment;
  return {
    enrolmentId,
    enrolmentNo,
    personId,
    ...(userData !== undefined && { userData }),
    box,
    quality,
    ...(sourceHash !== undefined && { sourceHash }),
    hasPhoto: enrolment.sealedPhoto !== undefined,
    createdMs,
  };
}
