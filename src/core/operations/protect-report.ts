// What somebody would see who held the opened templates of two galleries: whether those of one person can be told from
// those of strangers.
import { auditedGallery } from '../audited.ts';
import { invalidArgument } from '../checks.ts';
import { nextTurn } from '../next-turn.ts';
import type { Acting, Deps } from '../ports.ts';
import type { Gallery, GalleryRef } from '../types.ts';

const PAGE = 500;
/** Pairs of strangers that are compared. */
const MAX_STRANGERS = 20_000;

export interface Scores {
  readonly count: number;
  readonly mean: number;
  readonly spread: number;
  readonly lowest: number;
  readonly highest: number;
  /** Counts in twenty equal steps from −1 to 1. */
  readonly histogram: readonly number[];
}

export interface ProtectReport {
  /** Of persons who go by the same name, or id, in both galleries: as their templates are stored. */
  readonly samePerson: Scores;
  /** Of persons who go by different names, as stored. */
  readonly strangers: Scores;
  /** Of the same persons with both keys at hand: that they are the same, this shows. */
  readonly samePersonUnturned: Scores;
  /**
   * How well one could tell the two apart by the stored scores: the chance that a same person's lies above a
   * stranger's. One half is not at all.
   */
  readonly linkability: number;
}

interface Stored {
  readonly kept: Float32Array;
  readonly plain: Float32Array;
}

/** Both galleries have to be of one model, and have persons in common: by id, or by name. */
export async function protectReport(
  deps: Pick<Deps, 'store' | 'vault'> & Acting,
  [one, other]: readonly [Gallery, Gallery],
): Promise<ProtectReport> {
  if (one.recognitionModel !== other.recognitionModel) {
    throw invalidArgument('galleries', 'out-of-range', 'Templates of two models are not comparable anyway.');
  }
  for (const gallery of [one, other]) {
    await deps.audit.record({ action: 'person-read', outcome: 'done', gallery: auditedGallery(gallery) });
  }
  const [inOne, inOther] = [await templatesByName(deps, one), await templatesByName(deps, other)];
  const common = [...inOne.keys()].filter((name) => inOther.has(name));
  if (common.length < 2) {
    throw invalidArgument('galleries', 'out-of-range', 'The two galleries have fewer than two people in common.');
  }
  const pairs = common.map((name) => ({ a: inOne.get(name) as Stored, b: inOther.get(name) as Stored }));
  const strangers: number[] = [];
  for (let shift = 1; shift < pairs.length && strangers.length < MAX_STRANGERS; shift++) {
    for (const [i, { a }] of pairs.entries()) {
      strangers.push(dot(a.kept, (pairs[(i + shift) % pairs.length] as { b: Stored }).b.kept));
    }
    await nextTurn();
  }
  const same = pairs.map(({ a, b }) => dot(a.kept, b.kept));
  return {
    samePerson: scoresOf(same),
    strangers: scoresOf(strangers),
    samePersonUnturned: scoresOf(pairs.map(({ a, b }) => dot(a.plain, b.plain))),
    linkability: chanceAbove(same, strangers),
  };
}

/** The first template of each person; of several with one name, the first. */
async function templatesByName(
  { store, vault }: Pick<Deps, 'store' | 'vault'>,
  gallery: Gallery,
): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  const { tenantId, transformKey } = gallery;
  for (let after: string | undefined; ; ) {
    const persons = await store.listPersons(gallery, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { personId, name } of persons) {
      if (found.has(name || personId)) continue;
      const [first] = await store.sealedEnrolmentsOf(refOf(gallery), personId);
      if (!first) continue;
      const kept = vault.openTemplate(tenantId, first.wrappedKey, first.sealedTemplate);
      found.set(name || personId, { kept, plain: vault.turnBack(tenantId, transformKey, kept) });
    }
    after = persons.at(-1)?.personId;
    if (persons.length < PAGE) return found;
    await nextTurn();
  }
}

function refOf({ tenantId, kind, galleryId }: Gallery): GalleryRef {
  return { tenantId, kind, galleryId };
}

function scoresOf(scores: readonly number[]): Scores {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / Math.max(1, scores.length - 1);
  const histogram = new Array<number>(20).fill(0);
  for (const score of scores) {
    const step = Math.min(19, Math.max(0, Math.floor((score + 1) * 10)));
    histogram[step] = (histogram[step] as number) + 1;
  }
  return {
    count: scores.length,
    mean,
    spread: Math.sqrt(variance),
    lowest: scores.reduce((lowest, score) => Math.min(lowest, score), 1),
    highest: scores.reduce((highest, score) => Math.max(highest, score), -1),
    histogram,
  };
}

/** Mann–Whitney: by ranks, ties half. */
function chanceAbove(high: readonly number[], low: readonly number[]): number {
  const sorted = [...low].sort((a, b) => a - b);
  const below = (score: number, orEqual: boolean): number => {
    let from = 0;
    let to = sorted.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const value = sorted[middle] as number;
      if (value < score || (orEqual && value === score)) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  const sum = high.reduce((total, score) => total + (below(score, false) + below(score, true)) / 2, 0);
  return sum / (high.length * low.length);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
