// What goes over the wire about people's consent.
import Type from 'typebox';
import { MAX_CONSENT_LENGTH, MAX_PAGE } from '../../core/limits.ts';

const Text = Type.String({ minLength: 1, maxLength: MAX_CONSENT_LENGTH });
const Time = Type.String({ format: 'date-time' });

const Given = {
  givenBy: Type.Unsafe<string>({ ...Text, description: 'The person, or who may speak for them.' }),
  method: Type.Unsafe<string>({ ...Text, description: 'How it was given: signed on paper, ticked when registering.' }),
  textHash: Type.String({
    pattern: '^[0-9a-fA-F]{64}$',
    description: 'SHA-256 of the text that was consented to, hex. Keep the text itself.',
  }),
};

export const NewConsent = Type.Object({
  ...Given,
  givenAt: Type.Optional(Type.String({ format: 'date-time', description: 'Now when left out.' })),
  until: Type.Optional(Type.String({ format: 'date-time', description: 'Until it is withdrawn when left out.' })),
});

export const Consent = Type.Object({
  ...Given,
  givenAt: Time,
  until: Type.Optional(Time),
  withdrawnAt: Type.Optional(Time),
  state: Type.Enum(['given', 'expired', 'withdrawn']),
});

export const DueQuery = Type.Object({
  due: Type.Optional(Type.String({ format: 'date-time', description: 'In 30 days when left out.' })),
  after: Type.Optional(Type.String({ maxLength: 80, description: '`next` of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
});
export const DueConsents = Type.Object({
  consents: Type.Array(
    Type.Object({ galleryId: Type.String(), personId: Type.String(), name: Type.String(), consent: Consent }),
  ),
  next: Type.Optional(Type.String({ description: 'Where the next page goes on; left out on the last.' })),
});
