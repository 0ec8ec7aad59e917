/** Rows after `after` (exclusive, ordinal order of ids), at most `limit`. */
export interface Page {
  readonly after?: string;
  readonly limit: number;
}
