// File name → person, by a pattern such as {person}_*.jpg.

/** Answers the person's name; undefined for a file that the pattern doesn't fit. */
export type PersonPattern = (relativePath: string) => string | undefined;

type Token = { readonly kind: 'person' | 'number' | 'any' | 'one' } | { readonly kind: 'text'; readonly text: string };

/**
 * `{person}` is the name (as much as fits), `{n}` a whole number, `*` anything, `?` one character; letters match in
 * either case. Without a slash the pattern is held against the file's own name, with one against its path within the
 * folder. Throws a sentence when the pattern can't name anybody.
 */
export function parsePersonPattern(pattern: string): PersonPattern {
  const tokens = (pattern.normalize('NFC').match(/\{person\}|\{n\}|\*|\?|[^*?{]+|\{/g) ?? []).map(toToken);
  if (tokens.filter(({ kind }) => kind === 'person').length !== 1) {
    throw new Error(`The pattern "${pattern}" needs {person} exactly once, as in '{person}_*.jpg'.`);
  }
  const matchesPath = pattern.includes('/');
  return (relativePath) => {
    const path = relativePath.normalize('NFC');
    return matchTokens(tokens, matchesPath ? path : path.slice(path.lastIndexOf('/') + 1));
  };
}

function toToken(source: string): Token {
  switch (source) {
    case '{person}':
      return { kind: 'person' };
    case '{n}':
      return { kind: 'number' };
    case '*':
      return { kind: 'any' };
    case '?':
      return { kind: 'one' };
    default:
      return { kind: 'text', text: foldCase(source) };
  }
}

/** Lower case, letter for letter: İ stays, as its lower case is two characters long. */
function foldCase(text: string): string {
  return text.replace(/./gsu, (char) => (char.toLowerCase().length === char.length ? char.toLowerCase() : char));
}

/** Backtracking, longest first; what failed once is not tried again, so its cost is at most tokens × length². */
function matchTokens(tokens: readonly Token[], subject: string): string | undefined {
  const lower = foldCase(subject);
  const failed = new Set<number>();
  let person: string | undefined;

  function matches(tokenNo: number, from: number): boolean {
    const token = tokens[tokenNo];
    if (!token) return from === subject.length;
    const state = tokenNo * (subject.length + 1) + from;
    if (failed.has(state)) return false;
    for (const end of endsOf(token, lower, from)) {
      if (!matches(tokenNo + 1, end)) continue;
      if (token.kind === 'person') person = subject.slice(from, end);
      return true;
    }
    failed.add(state);
    return false;
  }
  return matches(0, 0) ? person : undefined;
}

/** Where the token may end when it begins at `from`, farthest first. */
function endsOf(token: Token, subject: string, from: number): readonly number[] {
  switch (token.kind) {
    case 'text':
      return subject.startsWith(token.text, from) ? [from + token.text.length] : [];
    case 'one':
      return from < subject.length && subject[from] !== '/' ? [from + 1] : [];
    case 'number':
      return numberEnds(subject, from);
    case 'any':
      return descending(segmentEnd(subject, from), from);
    case 'person':
      return descending(segmentEnd(subject, from), from + 1);
  }
}

/** All digits in a row or none, so that a {person} before them keeps none for itself. */
function numberEnds(subject: string, from: number): readonly number[] {
  if (isDigit(subject[from - 1])) return [];
  let end = from;
  while (isDigit(subject[end])) end++;
  return end > from ? [end] : [];
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function segmentEnd(subject: string, from: number): number {
  const slash = subject.indexOf('/', from);
  return slash === -1 ? subject.length : slash;
}

function descending(from: number, downTo: number): readonly number[] {
  return Array.from({ length: Math.max(0, from - downTo + 1) }, (_, i) => from - i);
}
