import { printable } from '../printable.ts';
import { duration } from '../rate-meter.ts';
import { adviceFor, type RefusalReason } from '../refusals.ts';
import type { Terminal } from '../terminal.ts';
import { count } from '../words.ts';
import { ASIDE_IN_WORDS, type AsideReason, type PlanAside } from './photo-plan.ts';

export interface RefusedPhoto {
  readonly file: string;
  readonly reason: RefusalReason;
  readonly message: string;
}

export interface EnrolmentTotals {
  enrolled: number;
  alreadyEnrolled: number;
  /** In a dry run: would be enrolled. */
  usable: number;
  readonly people: Set<string>;
  /** Put on record. */
  consents: number;
  readonly refused: RefusedPhoto[];
}

const FILES_SHOWN = 8;

/** What was done, then every reason for a refusal with what would help. */
export function sayTotals(
  terminal: Terminal,
  totals: EnrolmentTotals,
  run: { readonly gallery: string; readonly isDryRun: boolean; readonly seconds: number },
): void {
  const { enrolled, alreadyEnrolled, usable, people, consents, refused } = totals;
  if (run.isDryRun) {
    terminal.say(
      `${count(usable, 'photo')} of ${count(people.size, 'person', 'people')} would be enrolled in "${run.gallery}". Nothing was written.`,
    );
  } else {
    const rate = enrolled > 0 && run.seconds > 0 ? ` in ${duration(run.seconds)}` : '';
    terminal.say(
      terminal.paint(
        enrolled > 0 ? 'green' : 'bold',
        `Enrolled ${count(enrolled, 'photo')} of ${count(people.size, 'person', 'people')} in "${run.gallery}"${rate}.`,
      ),
    );
  }
  if (alreadyEnrolled > 0) {
    terminal.say(`${count(alreadyEnrolled, 'photo was', 'photos were')} enrolled already.`);
  }
  if (consents > 0) terminal.say(`The consent of ${count(consents, 'person', 'people')} was put on record.`);
  if (refused.length > 0) sayRefused(terminal, refused);
}

function sayRefused(terminal: Terminal, refused: readonly RefusedPhoto[]): void {
  terminal.say(terminal.paint('yellow', `${count(refused.length, 'photo was', 'photos were')} refused:`));
  for (const [reason, photos] of groupBy(refused, ({ reason }) => reason)) {
    for (const { file, message } of photos.slice(0, FILES_SHOWN)) {
      terminal.say(terminal.fold(`  ${printable(file)}: ${printable(message)}`));
    }
    if (photos.length > FILES_SHOWN) {
      terminal.say(`  … and ${count(photos.length - FILES_SHOWN, 'more', 'more')}; --report file.csv lists all.`);
    }
    terminal.say(terminal.paint('dim', terminal.fold(`  → ${adviceFor(reason)}`)));
  }
}

/** Files left aside on purpose, by why. */
export function sayAside(terminal: Terminal, aside: readonly PlanAside[]): void {
  for (const [reason, files] of groupBy(aside, (entry) => entry.reason)) {
    const shown = files.slice(0, 3).map(({ file }) => printable(file));
    const more = files.length > shown.length ? ', …' : '';
    terminal.note(
      `Left aside, ${ASIDE_IN_WORDS[reason satisfies AsideReason]}: ${files.length} (${shown.join(', ')}${more})`,
    );
  }
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
