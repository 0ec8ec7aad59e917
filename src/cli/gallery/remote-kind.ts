/** Kith's own API knows the galleries of one kind, those that Azure's clients see as large person groups. */
export const REMOTE_KIND = 'large-person';
