export type AuditFaultKind = 'altered' | 'missing' | 'reordered' | 'replayed' | 'truncated' | 'bad-signature';

/** The first place at which a chain is not what was written. */
export interface AuditFault {
  readonly kind: AuditFaultKind;
  readonly chain: string;
  /** Name of the file in the chain's folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** One sentence that says what is wrong there. */
  readonly message: string;
}

export class AuditFaultError extends Error {
  readonly fault: AuditFault;

  constructor(fault: AuditFault, advice = '') {
    super(`${describeFault(fault)}${advice}`);
    this.name = 'AuditFaultError';
    this.fault = fault;
  }
}

export function describeFault({ kind, chain, file, line, message }: AuditFault): string {
  return `${chain}/${file}, line ${line}: ${kind}. ${message}`;
}
