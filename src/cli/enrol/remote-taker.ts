import type { Static } from 'typebox';
import type { PhotoToImport } from '../../core/operations/import-photos.ts';
import type { NewConsent } from '../../core/storage/consents.ts';
import type { Consent } from '../../dialects/kith/consent-wire.ts';
import { Imported, KnownPhoto } from '../../dialects/kith/import-wire.ts';
import { createRemoteGallery, findRemoteGallery } from '../gallery/remote-galleries.ts';
import { coreQuality } from '../service/core-quality.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { ServiceError } from '../service/service-error.ts';
import { UsageError } from '../usage-error.ts';
import { type PhotoTaker, sayWhetherKept, type TakenPhoto, type TakerOptions } from './photo-taker.ts';

/** The service enrols, by the same rules; a photo that it has already is asked for by its hash, and not sent again. */
export async function openRemoteTaker(service: ServiceClient, options: TakerOptions): Promise<PhotoTaker> {
  const { galleryId, isDryRun, target, minQuality } = options;
  await openGallery(service, options);
  const path = pathTo('galleries', galleryId, 'imports');
  /** People whose consent this run has settled: it came with a photo of theirs. */
  const settled = new Set<string>();

  async function findKnown({
    personName: person,
    sourceHash,
    consent,
  }: PhotoToImport): Promise<TakenPhoto | undefined> {
    if (consent && !settled.has(person)) return undefined;
    const query = { person, sourceHash };
    const { personId, face } = await service.call({
      method: 'GET',
      path,
      query,
      answers: KnownPhoto,
      isRepeatable: true,
    });
    if (personId === undefined || !face) return undefined;
    return { outcome: 'already-enrolled', personId, faceId: face.faceId, quality: coreQuality(face.quality) };
  }

  return {
    async take(photo) {
      const known = await findKnown(photo);
      if (known) return known;
      const taken = await service.call({
        method: 'POST',
        path,
        query: {
          person: photo.personName,
          minQuality,
          largestFace: target === 'largest' ? true : undefined,
          dryRun: isDryRun ? true : undefined,
          ...consentQuery(photo),
        },
        photo: photo.image,
        answers: Imported,
        isRepeatable: true,
      });
      const { outcome, personId = '', face, consentGiven } = taken;
      const quality = coreQuality(taken.quality);
      if (outcome === 'usable') return { outcome, quality };
      settled.add(photo.personName);
      const given = consentGiven ? { consentGiven: coreConsent(consentGiven) } : {};
      return { outcome, personId, faceId: face?.faceId ?? '', quality, ...given };
    },
    async finish() {
      if (isDryRun) return false;
      const { faces } = await findRemoteGallery(service, galleryId);
      // Azure's words for it: Kith's own door needs no training
      const train = `/face/v1.2/largepersongroups/${encodeURIComponent(galleryId)}/train`;
      if (faces > 0) await service.call({ method: 'POST', path: train, isRepeatable: true });
      return faces > 0;
    },
  };
}

async function openGallery(service: ServiceClient, options: TakerOptions): Promise<void> {
  const { galleryId, isDryRun, keepPhotos, note } = options;
  try {
    sayWhetherKept(options, await findRemoteGallery(service, galleryId));
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'gallery-not-found') throw error;
    if (isDryRun) {
      throw new UsageError(
        `There is no gallery "${galleryId}" in the service to hold the photos against: kith gallery create makes it.`,
      );
    }
    await createRemoteGallery(service, galleryId, { name: galleryId, keepPhotos });
    note(`Made the gallery "${galleryId}".`);
  }
}

function consentQuery({ consent }: PhotoToImport): Readonly<Record<string, string>> {
  if (!consent) return {};
  const { givenBy, method, textHash, givenMs, untilMs } = consent;
  return {
    consentBy: givenBy,
    consentMethod: method,
    consentTextHash: textHash,
    ...(givenMs === undefined ? {} : { consentGivenAt: new Date(givenMs).toISOString() }),
    ...(untilMs === undefined ? {} : { consentUntil: new Date(untilMs).toISOString() }),
  };
}

function coreConsent({ givenBy, method, textHash, givenAt, until }: Static<typeof Consent>): NewConsent {
  const untilMs = until === undefined ? {} : { untilMs: Date.parse(until) };
  return { givenBy, method, textHash, givenMs: Date.parse(givenAt), ...untilMs };
}
