// Rates of 1:1 comparison from scored pairs, in the terms of ISO/IEC 19795-1.

export interface ScoredPair {
  readonly score: number;
  readonly samePerson: boolean;
  readonly fold: number;
}

export interface TarAtFar {
  /** True accept rate, and what it is of. */
  readonly tar: number;
  readonly accepted: number;
  readonly genuine: number;
  /** Impostors accepted at this threshold, of how many. */
  readonly falseAccepts: number;
  readonly impostors: number;
  readonly threshold: number;
}

/** Share of pairs on the right side of the threshold. */
export function accuracyAt(pairs: readonly ScoredPair[], threshold: number): number {
  return pairs.filter(({ score, samePerson }) => score >= threshold === samePerson).length / pairs.length;
}

/** Each fold judged at the threshold that is best for the other nine; mean and standard deviation over the folds. */
export function crossValidate(pairs: readonly ScoredPair[]): {
  readonly accuracy: number;
  readonly deviation: number;
  readonly thresholds: readonly number[];
} {
  const folds = [...new Set(pairs.map(({ fold }) => fold))];
  const thresholds = folds.map((fold) => bestThreshold(pairs.filter((pair) => pair.fold !== fold)));
  const accuracies = folds.map((fold, i) =>
    accuracyAt(
      pairs.filter((pair) => pair.fold === fold),
      thresholds[i] as number,
    ),
  );
  const accuracy = mean(accuracies);
  return { accuracy, deviation: Math.sqrt(mean(accuracies.map((a) => (a - accuracy) ** 2))), thresholds };
}

/** True accept rate at the lowest threshold at which no more than `far` of the impostors pass. */
export function tarAtFar(pairs: readonly ScoredPair[], far: number): TarAtFar {
  const genuine = pairs.filter(({ samePerson }) => samePerson).map(({ score }) => score);
  const impostors = pairs
    .filter(({ samePerson }) => !samePerson)
    .map(({ score }) => score)
    .sort((a, b) => b - a);
  const allowed = Math.floor(impostors.length * far);
  // The first impostor not allowed must stay below
  const highestRefused = impostors[allowed] ?? -1;
  const accepted = genuine.filter((score) => score > highestRefused).length;
  return {
    tar: accepted / genuine.length,
    accepted,
    genuine: genuine.length,
    falseAccepts: impostors.filter((score) => score > highestRefused).length,
    impostors: impostors.length,
    threshold: highestRefused,
  };
}

function bestThreshold(pairs: readonly ScoredPair[]): number {
  const sorted = [...pairs].sort((a, b) => b.score - a.score);
  let right = sorted.filter(({ samePerson }) => !samePerson).length;
  let best = { right, threshold: Number.POSITIVE_INFINITY };
  for (const [i, pair] of sorted.entries()) {
    right += pair.samePerson ? 1 : -1;
    const next = sorted[i + 1];
    if (right > best.right && next?.score !== pair.score) {
      best = { right, threshold: next ? (pair.score + next.score) / 2 : pair.score };
    }
  }
  return best.threshold;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
