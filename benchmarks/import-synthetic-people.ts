import { randomUUID } from 'node:crypto';
import type { Deps, IndexFollower } from '../src/core/ports.ts';
import type { GalleryRef } from '../src/core/types.ts';
import { syntheticPeople } from './synthetic-templates.ts';

const BATCH = 2000;
const REPORT_EVERY = 100_000;

/** Made-up people behind the ports, sealed and turned as real ones are; they can be found when it resolves. */
export async function importSyntheticPeople(
  deps: Pick<Deps, 'store' | 'vault'> & { readonly follower: IndexFollower },
  ref: GalleryRef,
  people: { readonly seed: number; readonly count: number; readonly firstNo?: number },
): Promise<void> {
  const { store, vault, follower } = deps;
  const { seed, count, firstNo = 0 } = people;
  const { template } = syntheticPeople(seed);
  const { transformKey } = await store.getGallery(ref);
  const turnedWith = transformKey ? { transformKey } : {};
  for (let done = 0; done < count; done += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - done) }, (_, i) => {
      const personNo = firstNo + done + i;
      const wrappedKey = vault.newPersonKey(ref.tenantId);
      const turned = vault.turn(ref.tenantId, transformKey, template(personNo));
      return {
        person: { personId: randomUUID(), name: `Person ${personNo}`, wrappedKey, createdMs: Date.now() },
        enrolments: [
          {
            enrolmentId: randomUUID(),
            box: { leftPx: 0, topPx: 0, widthPx: 200, heightPx: 200 },
            quality: { level: 'high' as const, reasons: [] },
            packId: 'fast',
            ...turnedWith,
            sealedTemplate: vault.sealTemplate(ref.tenantId, wrappedKey, turned),
            createdMs: Date.now(),
          },
        ],
      };
    });
    await store.importPersons(ref, batch);
    await follower.catchUp();
    if ((done + BATCH) % REPORT_EVERY === 0) console.log(`  ${done + BATCH} people`);
  }
}
