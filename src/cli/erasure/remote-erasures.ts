import * as wire from '../../dialects/kith/erasures-wire.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import type { KnownErasures } from './known-erasures.ts';

/** Those that the key may know of. */
export function openRemoteErasures(service: ServiceClient): KnownErasures {
  return {
    list: ({ galleryId, personId, limit, before }) =>
      service.call({
        method: 'GET',
        path: pathTo('erasures'),
        query: { gallery: galleryId, personId, limit, before },
        answers: wire.Erasures,
        isRepeatable: true,
      }),
    receipt: ({ chain, seq }) =>
      service.call({
        method: 'GET',
        path: pathTo('erasures', chain, String(seq), 'receipt'),
        answers: wire.ReissuedReceipt,
        isRepeatable: true,
      }),
  };
}

/** PEM; what the service signs its receipts with can be checked by it. */
export async function publicKeyOf(service: ServiceClient): Promise<string> {
  const { publicKey } = await service.call({
    method: 'GET',
    path: pathTo('erasures', 'public-key'),
    answers: wire.ReceiptKey,
    isRepeatable: true,
  });
  return publicKey;
}
