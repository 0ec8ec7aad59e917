// What goes over the wire of the log of who did what.
import Type from 'typebox';
import { MAX_ID_LENGTH, MAX_PAGE } from '../../core/limits.ts';

const Time = Type.String({ format: 'date-time' });
export const AuditQuery = Type.Object({
  personId: Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH, description: 'Only what names this person.' })),
  action: Type.Optional(
    Type.String({ maxLength: 40, description: 'Only what was done: search, enrol, erase-person …' }),
  ),
  from: Type.Optional(Time),
  until: Type.Optional(Time),
  before: Type.Optional(Type.String({ maxLength: 4096, description: '`next` of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
});
export const AuditedDeed = Type.Object({
  chain: Type.String(),
  seq: Type.Integer({ description: 'The number of its line in its chain.' }),
  at: Time,
  keyId: Type.String({ description: 'The key it was done with, or which part of Kith did it by itself.' }),
  action: Type.String(),
  outcome: Type.Enum(['begun', 'done', 'refused', 'failed']),
  problem: Type.Optional(Type.String()),
  gallery: Type.Optional(Type.Object({ kind: Type.String(), galleryId: Type.String() })),
  personIds: Type.Optional(Type.Array(Type.String())),
  faceIds: Type.Optional(Type.Array(Type.String())),
  model: Type.Optional(Type.String()),
  threshold: Type.Optional(Type.Number()),
  named: Type.Optional(
    Type.Array(Type.Array(Type.Object({ personId: Type.String(), score: Type.Number() })), {
      description: 'For each face that was searched with, who was named, best first.',
    }),
  ),
  counts: Type.Optional(Type.Record(Type.String(), Type.Number())),
  subjectKeyId: Type.Optional(Type.String()),
});
export const AuditedDeeds = Type.Object({
  records: Type.Array(AuditedDeed, {
    description: 'Newest first; may be fewer than asked for, or none, while there is a next.',
  }),
  next: Type.Optional(Type.String({ description: 'Where the list goes on; left out at its end.' })),
});
export const AuditStatus = Type.Object({
  state: Type.Enum(['unchecked', 'intact', 'changed']),
  checkedAt: Type.Optional(Time),
  coversUntil: Type.Optional(Type.String({ description: 'Time of the newest record that the check read.' })),
  faults: Type.Array(Type.String({ description: 'The first place at which a chain is not what was written.' })),
});
export const AuditHeads = Type.Object({
  heads: Type.Array(
    Type.Object({
      chain: Type.String(),
      seq: Type.Integer({ description: 'Number of the last record that it covers, and with it of all before.' }),
      hash: Type.String(),
      segment: Type.Integer(),
      offsetBytes: Type.Integer(),
      time: Time,
      signature: Type.String({ description: 'Ed25519, base64, by the key of `/erasures/public-key`.' }),
    }),
  ),
});
