import type { Deps, PersonUses } from './ports.ts';

/** Notes lie in memory meanwhile, one a person; a crash loses those of a minute, which matter little in years. */
const BATCH = 1000;

/** One write for many searches: a search waits for none. */
export function createPersonUses({ store, clock }: Pick<Deps, 'store' | 'clock'>): PersonUses {
  const noted = new Map<number, number>();
  return {
    note(personNos) {
      const usedMs = clock.nowMs();
      for (const personNo of personNos) noted.set(personNo, usedMs);
    },
    async flush() {
      while (noted.size > 0) {
        const batch = [...noted].slice(0, BATCH).map(([personNo, usedMs]) => ({ personNo, usedMs }));
        await store.notePersonUses(batch);
        for (const { personNo, usedMs } of batch) if (noted.get(personNo) === usedMs) noted.delete(personNo);
      }
    },
  };
}
