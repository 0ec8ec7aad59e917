/** Whose data everything is that no key of another tenant put there. */
export const DEFAULT_TENANT = 'default';
