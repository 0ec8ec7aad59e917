// Is the promised rate the one that strangers meet? Galleries are drawn, each fits its own tail as the service does,
// and strangers held out of it are counted.
import { decisionRule } from '../decide.ts';
import { type BestNonMate, fitTail, MIN_PERSONS_FOR_OWN_TAIL } from '../fit-tail.ts';
import { packTail, type TailCurve } from '../impostor-tail.ts';
import { bootstrapInterval } from '../statistics/bootstrap-interval.ts';
import type { Interval } from '../statistics/proportion-interval.ts';
import type { Calibration } from '../types.ts';
import type { FaceComparisons } from './face-comparisons.ts';
import { countByPerson } from './open-set-rates.ts';
import { type OpenSetTrial, runOpenSetTrial, searchExcept } from './open-set-trial.ts';

export interface CalibrationCheck {
  /** Enrolled in each gallery. */
  readonly persons: number;
  readonly targetFpir: number;
  /** Share of strangers at or above the galleries' own thresholds, with its 95 % interval over persons. */
  readonly measuredFpir: number;
  readonly measuredInterval: Interval;
  /** What the galleries promised, as the mean over them: 90 % interval of each. */
  readonly statedInterval: Interval;
  readonly meanThreshold: number;
  readonly strangerSearches: number;
}

export interface CalibrationCheckOptions {
  readonly random: () => number;
  readonly calibration: Calibration;
  readonly enrolledPersons: number;
  readonly targets: readonly number[];
  readonly trials: number;
  readonly facesAPerson?: number;
}

/** One row a target; none for galleries too small to have a tail of their own. */
export function checkCalibration(
  comparisons: FaceComparisons,
  options: CalibrationCheckOptions,
): readonly CalibrationCheck[] {
  if (options.enrolledPersons < MIN_PERSONS_FOR_OWN_TAIL) return [];
  const galleries = Array.from({ length: options.trials }, () => {
    const trial = runOpenSetTrial(comparisons, options);
    return { trial, tail: ownTailOf(comparisons, trial, options.calibration) };
  });
  return options.targets.map((targetFpir) => {
    const rules = galleries.map(({ trial, tail }) =>
      decisionRule(options.calibration, {
        persons: trial.gallery.size,
        enrolments: [...trial.gallery.values()].reduce((sum, faces) => sum + faces.length, 0),
        targetFpir,
        ownTail: tail,
      }),
    );
    const searches = galleries.flatMap(({ trial }, i) => {
      const threshold = rules[i]?.thresholdScore ?? 1;
      return trial.nonMated.map(({ person, bestScore }) => ({ person, passed: bestScore >= threshold }));
    });
    const mean = (value: (rule: (typeof rules)[number]) => number): number =>
      rules.reduce((sum, rule) => sum + value(rule), 0) / rules.length;
    return {
      persons: options.enrolledPersons,
      targetFpir,
      measuredFpir: searches.filter(({ passed }) => passed).length / searches.length,
      measuredInterval: bootstrapInterval(
        countByPerson(searches, ({ passed }) => passed),
        { random: options.random },
      ),
      statedInterval: {
        lower: mean(({ expectedFpirInterval }) => expectedFpirInterval[0]),
        upper: mean(({ expectedFpirInterval }) => expectedFpirInterval[1]),
      },
      meanThreshold: mean(({ thresholdScore }) => thresholdScore),
      strangerSearches: searches.length,
    };
  });
}

/** The tail that the service would fit to this gallery; undefined when it is too small. */
export function ownTailOf(
  comparisons: FaceComparisons,
  { gallery }: Pick<OpenSetTrial, 'gallery'>,
  calibration: Calibration,
): TailCurve | undefined {
  const bestNonMates: BestNonMate[] = [];
  for (const [personNo, [probe]] of gallery) {
    if (probe === undefined) continue;
    const { best, bestScore } = searchExcept(comparisons, gallery, { probe, except: personNo });
    bestNonMates.push({ personNo, otherPersonNo: best, score: bestScore });
  }
  return fitTail(bestNonMates, { persons: gallery.size, packCurve: packTail(calibration) })?.curve;
}
