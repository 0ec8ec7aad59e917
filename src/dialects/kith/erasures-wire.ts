// What goes over the wire about what was erased, and receipts that are made out again.
import Type from 'typebox';
import { MAX_ID_LENGTH, MAX_PAGE } from '../../core/limits.ts';
import { Erasure } from './wire.ts';

const Time = Type.String({ format: 'date-time' });
const { record, removed, unconfirmedNodes } = Erasure.properties.receipt.properties;

export const ErasuresQuery = Type.Object({
  gallery: Type.Optional(
    Type.String({ maxLength: MAX_ID_LENGTH, description: 'Only of this gallery, which may be gone.' }),
  ),
  personId: Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH })),
  before: Type.Optional(Type.String({ maxLength: 4096, description: '`next` of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
});

export const RecordParams = Type.Object({
  chain: Type.String({ maxLength: MAX_ID_LENGTH }),
  seq: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'The number of its line in its chain.' }),
});

const Subject = Type.Object({
  what: Type.Enum(['person', 'gallery', 'tenant']),
  galleryKind: Type.Optional(Type.Enum(['large-person', 'person', 'large-face', 'face', 'directory'])),
  galleryId: Type.Optional(Type.String()),
  personId: Type.Optional(Type.String()),
});

export const RecordedErasure = Type.Object({
  record,
  erasedAt: Time,
  subject: Subject,
  cause: Type.Enum(['asked', 'retention'], {
    description:
      '`retention`: nobody used them for as long as the gallery says; `asked`: somebody said so, with the key `keyId`.',
  }),
  keyId: Type.String({ description: 'The key it was done with, or which part of Kith did it.' }),
  removed: Type.Optional(removed),
});

export const Erasures = Type.Object({
  erasures: Type.Array(RecordedErasure, {
    description: 'Newest first; may be fewer than asked for, or none, while there is a next.',
  }),
  next: Type.Optional(Type.String({ description: 'Where the list goes on; left out at its end.' })),
  otherNodes: Type.Array(Type.String(), {
    description:
      'Other nodes over the same store: what they erased is in the logs on their own disks, and not in this list.',
  }),
});

export const ReissuedReceipt = Type.Object(
  {
    receipt: Type.Object({
      receiptId: Type.Optional(Type.String()),
      erasedAt: Time,
      tenantId: Type.String(),
      subject: Subject,
      removed: Type.Optional(removed),
      record,
      unconfirmedNodes,
      issuedAt: Type.String({ format: 'date-time', description: 'When it was made out again; the first has none.' }),
      notOnRecord: Type.Optional(
        Type.Array(Type.Enum(['receiptId', 'removed', 'unconfirmedNodes']), {
          description:
            'What the first receipt says and this one can’t, as the record is an older Kith’s; `erasedAt` is the record’s time then.',
        }),
      ),
    }),
    signature: Erasure.properties.signature,
  },
  { description: 'The receipt of an erasure, made out again from its record in the audit log.' },
);

export const ReceiptKey = Type.Object({
  keyFingerprint: Type.String({ description: 'As in the signature of a receipt.' }),
  publicKey: Type.String({ description: 'Ed25519, PEM: `kith erasure verify --public-key` takes it.' }),
});
