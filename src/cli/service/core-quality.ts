import type { Static } from 'typebox';
import type { Quality, QualityReason } from '../../core/types.ts';
import type { FaceQuality } from '../../dialects/kith/wire.ts';

/** As core knows it: over the wire a reason is any text, so that a newer service may have one more. */
export function coreQuality({ level, reasons }: Static<typeof FaceQuality>): Quality {
  return { level, reasons: reasons as readonly QualityReason[] };
}
