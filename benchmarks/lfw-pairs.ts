/** One comparison of a protocol in the layout of Labeled Faces in the Wild. */
export interface Pair {
  /** Paths inside the folder. */
  readonly first: string;
  readonly second: string;
  readonly samePerson: boolean;
  /** 0..9: thresholds are chosen on nine folds and judged on the tenth. */
  readonly fold: number;
}

export interface Protocol {
  readonly pairs: readonly Pair[];
  /** True when the file itself names ten folds (View 2), false when one set was dealt into ten. */
  readonly foldsGiven: boolean;
}

const FOLDS = 10;

/**
 * Reads a pairs.txt. A header of two numbers is folds and pairs of each kind a fold; of one, pairs of each kind in one
 * set. A line of three columns is a person and two of their photos; of four, two persons with a photo each.
 */
export function parsePairs(text: string): Protocol {
  const [header = '', ...rest] = text.split(/\r?\n/);
  const lines = rest.filter((line) => line.trim() !== '');
  const counts = header.trim().split(/\s+/).map(Number);
  const [folds, perKind] = counts.length === 2 ? counts : [1, counts[0]];
  if (!folds || !perKind || counts.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new Error(`"${header}" is no header of a pairs file`);
  }
  const pairs: Pair[] = [];
  const seen = { same: 0, different: 0 };
  for (const [i, line] of lines.entries()) {
    const columns = line.trim().split(/\s+/);
    const samePerson = columns.length === 3;
    if (!samePerson && columns.length !== 4) throw new Error(`line ${i + 2} has ${columns.length} columns`);
    const [a = '', b = '', c = '', d = ''] = columns;
    const nth = samePerson ? seen.same++ : seen.different++;
    pairs.push({
      first: photoPath(a, b),
      second: samePerson ? photoPath(a, c) : photoPath(c, d),
      samePerson,
      fold: folds === FOLDS ? Math.floor(nth / perKind) : nth % FOLDS,
    });
  }
  const expected = folds * perKind;
  if (seen.same !== expected || seen.different !== expected) {
    throw new Error(`the header promises ${expected} pairs of each kind; ${seen.same} and ${seen.different} follow`);
  }
  return { pairs, foldsGiven: folds === FOLDS };
}

function photoPath(person: string, photo: string): string {
  return `${person}/${person}_${photo.padStart(4, '0')}.jpg`;
}
