import type { Rate } from '../http/rate-limit.ts';

/** How often one key may call, as in Azure's pricing tiers. */
export const AZURE_TIERS = {
  F0: { requests: 20, perS: 60 },
  S0: { requests: 10, perS: 1 },
} as const satisfies Record<string, Rate>;

export type AzureTier = keyof typeof AZURE_TIERS;
