import type { ApiKeyStore } from './api-keys.ts';
import type { ChangeStore } from './changes.ts';
import type { ConsentStore } from './consents.ts';
import type { DismissedPairStore } from './dismissed-pairs.ts';
import type { EnrolmentStore } from './enrolments.ts';
import type { ErasureStore } from './erasures.ts';
import type { GalleryStore } from './galleries.ts';
import type { LivenessSessionStore } from './liveness-sessions.ts';
import type { MergeStore } from './merges.ts';
import type { ModelUpgradeStore } from './model-upgrades.ts';
import type { OperationStore } from './operations.ts';
import type { PersonStore } from './persons.ts';
import type { ProbeStore } from './probes.ts';
import type { RekeyStore } from './rekeys.ts';
import type { ReviewStore } from './reviews.ts';
import type { RosterStore } from './rosters.ts';
import type { SealedRowStore } from './sealed-rows.ts';
import type { SnapshotStore } from './snapshots.ts';
import type { TenantStore } from './tenants.ts';
import type { UseStore } from './uses.ts';

/**
 * Every method is one transaction; once it resolves, the change survives a crash. `getX` throws not-found,
 * `findX` answers undefined. Everything is under the tenant of the ref: another tenant's rows do not exist.
 */
export interface Store
  extends ApiKeyStore,
    ChangeStore,
    ConsentStore,
    DismissedPairStore,
    EnrolmentStore,
    ErasureStore,
    GalleryStore,
    LivenessSessionStore,
    MergeStore,
    ModelUpgradeStore,
    OperationStore,
    PersonStore,
    ProbeStore,
    RekeyStore,
    ReviewStore,
    RosterStore,
    SealedRowStore,
    SnapshotStore,
    TenantStore,
    UseStore {
  close(): Promise<void>;
}
