import type { AuditFaultError } from './audit/audit-fault.ts';

/** Nothing is done that can't be put on record, so a log that was changed stops the start. */
export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError';

  constructor(cause: AuditFaultError) {
    super(
      `The audit log was changed, so nothing more can be put on record in it: ${cause.message} Look at it with ` +
        '"kith audit verify"; put the log back as it was, or move the audit folder out of the data directory and keep it.',
      { cause },
    );
  }
}
