import type { Deps } from '../ports.ts';
import { sweepPhotos } from './enrolment-photos.ts';
import { sweepOperations } from './long-running.ts';
import { endExpiredConsents } from './manage-consents.ts';
import { sweepLivenessSessions } from './manage-liveness-sessions.ts';
import { sweepSnapshots } from './manage-snapshots.ts';
import { sweepMerges } from './merge-persons.ts';
import { sweepReviews } from './review-answers.ts';

/** Removes what is past its time, so that it isn't only hidden; to be called every now and then. */
export async function sweepExpired(deps: Pick<Deps, 'store' | 'clock' | 'follower' | 'auditLog'>): Promise<void> {
  await endExpiredConsents(deps);
  await deps.store.sweepProbes(deps.clock.nowMs());
  await sweepPhotos(deps);
  await sweepMerges(deps);
  await sweepReviews(deps);
  await sweepOperations(deps);
  await sweepLivenessSessions(deps);
  await sweepSnapshots(deps);
}
