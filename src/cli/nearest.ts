const MOST_MISTAKES = 2;

/** The word of those there are that was most likely meant; undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const [best] = known
    // Before any letter is compared: a word may be as long as a command line
    .filter((name) => Math.abs(name.length - word.length) <= MOST_MISTAKES)
    .map((name) => ({ name, changes: changesBetween(lower, name.toLowerCase()) }))
    .filter(({ name, changes }) => changes <= mistakesIn(Math.max(name.length, word.length)))
    .sort((a, b) => a.changes - b.changes);
  return best?.name;
}

/** A letter or two, and not half of the word: "search" is no misspelt "serve". */
function mistakesIn(length: number): number {
  if (length < 3) return 0;
  return length < 6 ? 1 : MOST_MISTAKES;
}

/** Letters put in, left out, changed, or swapped with the next one (Damerau and Levenshtein's distance). */
function changesBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
