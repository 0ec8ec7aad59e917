// Many photos of many people, each told by a name: what `kith enrol --url` sends.
import { createHash } from 'node:crypto';
import type { Static } from 'typebox';
import { auditedGallery } from '../../core/audited.ts';
import { invalidArgument } from '../../core/checks.ts';
import type { ImportedConsent } from '../../core/consent-to-import.ts';
import { createTurns, openPhotoImporter } from '../../core/operations/import-photos.ts';
import type { Deps } from '../../core/ports.ts';
import { wireConsent } from './consents.ts';
import { DEFAULT_MIN_QUALITY, wireFace } from './faces.ts';
import { galleryRef } from './galleries.ts';
import { Imported, ImportLookup, ImportQuery, KnownPhoto } from './import-wire.ts';
import type { Routes } from './route.ts';
import { GalleryParams, wireQuality } from './wire.ts';

export function addImportRoutes(routes: Routes, deps: Deps): void {
  const inTurn = createTurns();
  const path = '/galleries/:galleryId/imports';
  routes.photo({
    method: 'POST',
    path,
    summary:
      'Enrol a photo of a person by their name, who is added when nobody is called so; once, however often it comes',
    permission: 'enrol',
    params: GalleryParams,
    query: ImportQuery,
    answers: Imported,
    async handle({ audit, tenantId, params, query, body }) {
      const gallery = await deps.store.getGallery(galleryRef(tenantId, params.galleryId));
      const importer = openPhotoImporter({ ...deps, audit }, gallery, {
        target: query.largestFace ? 'largest' : undefined,
        minQuality: query.minQuality ?? DEFAULT_MIN_QUALITY,
        inTurn,
      });
      const sourceHash = createHash('sha256').update(body).digest('hex');
      const consent = consentOf(query);
      const personName = query.person.normalize('NFC');
      const photo = { personName, image: body, sourceHash, ...(consent ? { consent } : {}) };
      const imported = await (query.dryRun ? importer.checkPhoto(photo) : importer.importPhoto(photo));
      if (imported.outcome === 'usable') return { outcome: imported.outcome, quality: wireQuality(imported.quality) };
      const { outcome, person, enrolment, consentGiven } = imported;
      return {
        outcome,
        personId: person.personId,
        face: wireFace(enrolment),
        quality: wireQuality(enrolment.quality),
        ...(consentGiven ? { consentGiven: wireConsent(consentGiven, deps.clock.nowMs()) } : {}),
      };
    },
  });
  routes.json({
    method: 'GET',
    path,
    summary: 'Is this photo of this person enrolled already? Then it need not be sent',
    permission: 'enrol',
    params: GalleryParams,
    query: ImportLookup,
    answers: KnownPhoto,
    async handle({ audit, tenantId, params, query }) {
      const gallery = await deps.store.getGallery(galleryRef(tenantId, params.galleryId));
      const person = await deps.store.findPersonByName(gallery, query.person.normalize('NFC'));
      if (!person) return {};
      const { personId } = person;
      const known = await deps.store.findEnrolmentBySource(gallery, personId, query.sourceHash.toLowerCase());
      if (!known) return {};
      const read = { action: 'person-read', outcome: 'done' } as const;
      await audit.record({ ...read, gallery: auditedGallery(gallery), personIds: [personId] });
      return { personId, face: wireFace(known) };
    },
  });
}

function consentOf(query: Static<typeof ImportQuery>): ImportedConsent | undefined {
  const { consentBy, consentMethod: method, consentTextHash: textHash, consentGivenAt, consentUntil } = query;
  if (method === undefined && textHash === undefined) {
    const alone = Object.keys(query).find((name) => name.startsWith('consent'));
    if (alone === undefined) return undefined;
    throw invalidArgument(alone, 'malformed', 'Consent needs consentMethod and consentTextHash.');
  }
  if (method === undefined) throw invalidArgument('consentMethod', 'missing', 'Say how the consent was given.');
  if (textHash === undefined) throw invalidArgument('consentTextHash', 'missing', 'Say what was consented to.');
  return {
    givenBy: (consentBy ?? query.person).normalize('NFC'),
    method,
    textHash: textHash.toLowerCase(),
    ...(consentGivenAt === undefined ? {} : { givenMs: Date.parse(consentGivenAt) }),
    ...(consentUntil === undefined ? {} : { untilMs: Date.parse(consentUntil) }),
  };
}
