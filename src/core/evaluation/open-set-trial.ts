import { shuffled } from '../statistics/seeded-random.ts';
import type { FaceComparisons } from './face-comparisons.ts';

/** A search for somebody who is in the gallery. */
export interface MatedSearch {
  readonly person: number;
  readonly probe: number;
  /** Score of the person themselves … */
  readonly mateScore: number;
  /** … and of the closest other one. */
  readonly bestOtherScore: number;
  readonly bestOther: number;
}

/** A search for a stranger. */
export interface NonMatedSearch {
  readonly person: number;
  readonly probe: number;
  readonly bestScore: number;
  readonly best: number;
}

/** One random gallery with people held out of it, and everybody searched for. */
export interface OpenSetTrial {
  /** Enrolled persons, with the faces enrolled of each. */
  readonly gallery: ReadonlyMap<number, readonly number[]>;
  readonly mated: readonly MatedSearch[];
  readonly nonMated: readonly NonMatedSearch[];
}

export interface TrialOptions {
  readonly random: () => number;
  /** Persons enrolled; the others are strangers. */
  readonly enrolledPersons: number;
  /** At most so many faces a person are enrolled; without it all but the one to search with. */
  readonly facesAPerson?: number;
}

/**
 * Draws who is enrolled and who is a stranger, as in the open-set protocol of NIST's FRTE 1:N. Of an enrolled person
 * with several photos one is kept back to search with; of a stranger one photo is searched with. Persons without a
 * photo good enough to enrol can only be strangers.
 */
export function runOpenSetTrial(comparisons: FaceComparisons, options: TrialOptions): OpenSetTrial {
  const { random, enrolledPersons, facesAPerson = Number.POSITIVE_INFINITY } = options;
  const { faces, facesOf, personNames } = comparisons;
  const gallery = new Map<number, readonly number[]>();
  const heldBack: { readonly person: number; readonly probe: number }[] = [];
  const strangers: { readonly person: number; readonly probe: number }[] = [];
  for (const person of shuffled([...personNames.keys()], random)) {
    const own = shuffled(facesOf[person] ?? [], random);
    const [probe] = own;
    if (probe === undefined) continue;
    const rest = own.slice(1).filter((face) => faces[face]?.enrollable);
    if (gallery.size >= enrolledPersons || !own.some((face) => faces[face]?.enrollable)) {
      strangers.push({ person, probe });
    } else if (rest.length > 0) {
      gallery.set(person, rest.slice(0, facesAPerson));
      heldBack.push({ person, probe });
    } else {
      gallery.set(
        person,
        own.filter((face) => faces[face]?.enrollable),
      );
    }
  }
  return {
    gallery,
    mated: heldBack.map(({ person, probe }) => {
      const other = searchExcept(comparisons, gallery, { probe, except: person });
      return {
        person,
        probe,
        mateScore: comparisons.personScore(probe, gallery.get(person) ?? []),
        bestOther: other.best,
        bestOtherScore: other.bestScore,
      };
    }),
    nonMated: strangers.map(({ person, probe }) => ({
      person,
      probe,
      ...searchExcept(comparisons, gallery, { probe, except: person }),
    })),
  };
}

/** The closest enrolled person but one. */
export function searchExcept(
  comparisons: FaceComparisons,
  gallery: OpenSetTrial['gallery'],
  { probe, except }: { readonly probe: number; readonly except: number },
): { readonly best: number; readonly bestScore: number } {
  let best = -1;
  let bestScore = -1;
  for (const [person, enrolled] of gallery) {
    if (person === except) continue;
    const score = comparisons.personScore(probe, enrolled);
    if (score > bestScore) {
      best = person;
      bestScore = score;
    }
  }
  return { best, bestScore };
}
