import type { StoreMethod } from '../methods.ts';

/** For what is done for all tenants: chores, and what is asked for by numbers that the service found itself. */
export const ALL_TENANTS = '*';

/** Methods whose first argument is a tenant's id. */
const TENANT_FIRST: ReadonlySet<string> = new Set<StoreMethod>([
  'deleteApiKey',
  'deleteLivenessSession',
  'deleteSnapshot',
  'deleteTenant',
  'findGalleriesOfPerson',
  'findLivenessSession',
  'findOperation',
  'findProbes',
  'finishSnapshot',
  'getSnapshot',
  'insertLivenessSession',
  'insertOperation',
  'insertProbes',
  'listDueConsents',
  'listGalleries',
  'listLivenessSessions',
  'listSnapshots',
  'updateOperation',
  'updateSnapshot',
]);

/** Whose rows a call may see: that of the gallery, roster or tenant it is about. */
export function tenantOf(method: string, args: readonly unknown[]): string {
  if (TENANT_FIRST.has(method)) return args[0] as string;
  for (const arg of args) {
    const tenantId = tenantIn(arg) ?? tenantIn((arg as { readonly gallery?: unknown } | undefined)?.gallery);
    if (tenantId !== undefined) return tenantId;
  }
  return ALL_TENANTS;
}

function tenantIn(arg: unknown): string | undefined {
  const isObject = typeof arg === 'object' && arg !== null && !Array.isArray(arg);
  const { tenantId } = isObject ? (arg as { readonly tenantId?: unknown }) : {};
  return typeof tenantId === 'string' ? tenantId : undefined;
}
