import { audited } from '../audited.ts';
import { checkGalleryId, invalidArgument } from '../checks.ts';
import { MAX_KEY_BOUNDS, MAX_KEY_LABEL_LENGTH, MAX_TERMS_LENGTH } from '../limits.ts';
import type { Acting, ApiKeys, Deps, NewApiKey } from '../ports.ts';
import type { KeyBounds } from '../types.ts';

/** The key itself is in the answer and nowhere else. On record once it has an id; when that fails, it is ended again. */
export async function createApiKey(
  deps: Pick<Deps, 'keys' | 'store'> & Acting,
  key: NewApiKey,
): Promise<Awaited<ReturnType<ApiKeys['create']>>> {
  checkLabel(key.label);
  if (key.bounds) checkBounds(key.bounds);
  const created = await deps.keys.create(key);
  try {
    await deps.audit.record({ action: 'key-create', outcome: 'done', subjectKeyId: created.keyId });
  } catch (error) {
    await deps.store.deleteApiKey(key.tenantId, created.keyId);
    throw error;
  }
  return created;
}

/** A second key with the same label, permissions and bounds, while the first goes on; undefined when there is no such key. */
export async function rotateApiKey(
  deps: Pick<Deps, 'keys' | 'store'> & Acting,
  { tenantId, keyId }: { readonly tenantId: string; readonly keyId: string },
): Promise<Awaited<ReturnType<ApiKeys['create']>> | undefined> {
  const known = (await deps.store.listApiKeys()).find((key) => key.tenantId === tenantId && key.keyId === keyId);
  if (!known) return undefined;
  return audited(deps, { action: 'key-rotate', subjectKeyId: keyId }, () =>
    createApiKey(deps, {
      tenantId,
      label: known.label,
      permissions: known.permissions,
      ...(known.bounds ? { bounds: known.bounds } : {}),
    }),
  );
}

/** False when there is no such key. */
export async function revokeApiKey(
  deps: Pick<Deps, 'store' | 'erasureLedger'> & Acting,
  { tenantId, keyId }: { readonly tenantId: string; readonly keyId: string },
): Promise<boolean> {
  const known = (await deps.store.listApiKeys()).some((key) => key.tenantId === tenantId && key.keyId === keyId);
  if (!known) return false;
  return audited(deps, { action: 'key-revoke', subjectKeyId: keyId }, async () => {
    const isEnded = await deps.store.deleteApiKey(tenantId, keyId);
    await deps.erasureLedger.catchUp();
    return isEnded;
  });
}

function checkLabel(label: string): void {
  if (label.length === 0) throw invalidArgument('label', 'empty', 'A key needs a label: what it is for.');
  if (label.length > MAX_KEY_LABEL_LENGTH) {
    throw invalidArgument('label', 'too-long', `A key's label has at most ${MAX_KEY_LABEL_LENGTH} characters.`);
  }
}

function checkBounds({ galleries, purposes }: KeyBounds): void {
  for (const galleryId of galleries ?? []) checkGalleryId(galleryId);
  const lists = { galleries, purposes };
  for (const [argument, list] of Object.entries(lists)) {
    if (list?.length === 0)
      throw invalidArgument(argument, 'empty', 'A key bound to nothing could be used for nothing.');
    if (list && list.length > MAX_KEY_BOUNDS) {
      throw invalidArgument(argument, 'too-long', `A key is bound to at most ${MAX_KEY_BOUNDS} of them.`);
    }
  }
  if (purposes?.some((purpose) => purpose.length > MAX_TERMS_LENGTH)) {
    throw invalidArgument('purposes', 'too-long', `A purpose has at most ${MAX_TERMS_LENGTH} characters.`);
  }
}
