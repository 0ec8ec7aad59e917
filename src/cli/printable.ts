// Names come from folders, spreadsheets and other programs. What could move the cursor, recolour the screen, turn the
// reading direction of the rest of a line or break a row in two is shown as its code point instead.

/** Controls, line and paragraph separators, bidirectional overrides and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu;

/** The text on one line, safe to print at a terminal; `\u{1b}` stands for an escape character. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

export function hasUnprintable(text: string): boolean {
  return text.search(UNPRINTABLE) !== -1;
}

/** One line of JSON, in which nothing can act on a terminal either. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (char) =>
    [...char].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}
