// What goes over the wire about people whose time is over.
import Type from 'typebox';
import { MAX_PAGE } from '../../core/limits.ts';

export const RetentionQuery = Type.Object({
  dryRun: Type.Optional(Type.Boolean({ description: 'True erases nobody.' })),
  after: Type.Optional(Type.String({ maxLength: 80, description: '`next` of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
});

export const OverdueQuery = Type.Object({
  ...RetentionQuery.properties,
  by: Type.Optional(
    Type.String({ format: 'date-time', description: 'Who would be by then, if nobody finds them; now when left out.' }),
  ),
});

export const Overdue = Type.Object({
  retentionDays: Type.Integer(),
  people: Type.Array(
    Type.Object({
      personId: Type.String(),
      name: Type.String(),
      lastUsedAt: Type.String({ format: 'date-time', description: 'Enrolled, found or verified.' }),
    }),
    { description: 'Longest unused first.' },
  ),
  next: Type.Optional(Type.String({ description: 'Where the next page goes on; left out on the last.' })),
});

export const RetentionApplied = Type.Object({
  erased: Type.Array(Type.String(), { description: 'Person ids.' }),
  isComplete: Type.Boolean({ description: 'False when there are more: ask again.' }),
});
