/** Nothing was restored; the sentence says why. */
export class BadBackupError extends Error {}
