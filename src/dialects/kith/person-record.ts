import Type, { type Static } from 'typebox';
import { getPersonRecord, type PersonHolding, type PersonRecord } from '../../core/operations/person-record.ts';
import type { Deps } from '../../core/ports.ts';
import { Consent } from './consent-wire.ts';
import { wireConsent } from './consents.ts';
import { personRecordPage } from './person-record-page.ts';
import type { Routes } from './route.ts';
import { FaceBox, FaceQuality, PersonId, wireBox, wireQuality, wireTime } from './wire.ts';

const Time = Type.String({ format: 'date-time' });
const DAY_MS = 86_400_000;

export const SubjectRecord = Type.Object({
  personId: Type.String(),
  madeAt: Time,
  held: Type.Array(
    Type.Object({
      gallery: Type.Object({
        kind: Type.String(),
        galleryId: Type.String(),
        name: Type.String(),
        purpose: Type.Optional(Type.String()),
        lawfulBasis: Type.Optional(Type.String()),
        retentionDays: Type.Integer(),
        consentPolicy: Type.Enum(['attested', 'required']),
        recognitionModel: Type.String(),
      }),
      name: Type.String(),
      userData: Type.Optional(Type.String()),
      createdAt: Time,
      lastUsedAt: Time,
      erasedAfter: Type.String({ format: 'date-time', description: 'When nobody uses it until then.' }),
      consent: Type.Optional(Consent),
      faces: Type.Array(
        Type.Object({
          faceId: Type.String(),
          userData: Type.Optional(Type.String()),
          enrolledAt: Time,
          box: FaceBox,
          quality: FaceQuality,
          sourceSha256: Type.Optional(Type.String({ description: 'Of the photo, which is not kept.' })),
          picture: Type.Boolean({ description: 'A small picture of the face is kept; its own address answers it.' }),
          template: Type.String(),
        }),
      ),
      groups: Type.Array(Type.String({ description: 'Dynamic groups that the person is in.' })),
      merged: Type.Array(Type.Object({ from: Type.String(), name: Type.String(), at: Time })),
      reviews: Type.Array(
        Type.Object({
          at: Time,
          state: Type.Enum(['open', 'confirmed', 'rejected']),
          score: Type.Number(),
          picture: Type.Boolean({ description: 'Of the face that was taken for theirs; kept while it is open.' }),
        }),
        { description: 'Searches that took somebody for the person, and what people said of it; for seven days.' },
      ),
      apart: Type.Array(Type.Object({ at: Time, keyId: Type.String() }), {
        description:
          'When somebody said that the person and another who looks like them are two people, and by which key.',
      }),
      snapshots: Type.Array(Type.String({ description: 'Copies of the gallery that hold the person too.' })),
    }),
  ),
  uses: Type.Array(
    Type.Object({
      at: Time,
      action: Type.String(),
      outcome: Type.String(),
      keyId: Type.String(),
      gallery: Type.Optional(Type.String()),
      score: Type.Optional(Type.Number({ description: 'How close the searched face came to theirs, −1 to 1.' })),
      record: Type.Object({ chain: Type.String(), seq: Type.Integer() }),
    }),
    { description: 'What the audit log has of the person, newest first; whom else a record names is left out.' },
  ),
  usesAreComplete: Type.Boolean(),
});

export type WireSubjectRecord = Static<typeof SubjectRecord>;

const TEMPLATE =
  'held, sealed under a key of the person’s own; it is never handed out, as a face can be rebuilt from it';

export function addPersonRecordRoute(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'GET',
    path: '/persons/:personId/record',
    summary: 'Everything held about a person and every use that named them, as JSON or as a page to hand over',
    permission: 'audit',
    params: Type.Object({ personId: PersonId }),
    query: Type.Object({
      format: Type.Optional(Type.Enum(['json', 'html'], { description: 'By the Accept header when left out.' })),
    }),
    answers: SubjectRecord,
    page: personRecordPage,
    async handle({ audit, tenantId, params: { personId } }) {
      return wireRecord(await getPersonRecord({ ...deps, audit }, { tenantId, personId }));
    },
  });
}

function wireRecord(record: PersonRecord): WireSubjectRecord {
  return {
    personId: record.personId,
    madeAt: wireTime(record.madeMs),
    held: record.holdings.map((holding) => wireHolding(holding, record.madeMs)),
    uses: record.uses.map(({ time: at, action, outcome, keyId, gallery, score, chain, seq }) => ({
      at,
      action,
      outcome,
      keyId,
      ...(gallery ? { gallery: gallery.galleryId } : {}),
      ...(score === undefined ? {} : { score }),
      record: { chain, seq },
    })),
    usesAreComplete: record.usesAreComplete,
  };
}

function wireHolding(holding: PersonHolding, nowMs: number): WireSubjectRecord['held'][number] {
  const { gallery, person, consent, enrolments, merges, lastUsedMs } = holding;
  return {
    gallery: {
      kind: gallery.kind,
      galleryId: gallery.galleryId,
      name: gallery.name,
      ...(gallery.purpose === undefined ? {} : { purpose: gallery.purpose }),
      ...(gallery.lawfulBasis === undefined ? {} : { lawfulBasis: gallery.lawfulBasis }),
      retentionDays: gallery.retentionDays,
      consentPolicy: gallery.consentPolicy,
      recognitionModel: gallery.recognitionModel,
    },
    name: person.name,
    ...(person.userData === undefined ? {} : { userData: person.userData }),
    createdAt: wireTime(person.createdMs),
    lastUsedAt: wireTime(lastUsedMs),
    erasedAfter: wireTime(lastUsedMs + gallery.retentionDays * DAY_MS),
    ...(consent ? { consent: wireConsent(consent, nowMs) } : {}),
    faces: enrolments.map((face) => ({
      faceId: face.enrolmentId,
      ...(face.userData === undefined ? {} : { userData: face.userData }),
      enrolledAt: wireTime(face.createdMs),
      box: wireBox(face.box),
      quality: wireQuality(face.quality),
      ...(face.sourceHash === undefined ? {} : { sourceSha256: face.sourceHash }),
      picture: face.hasPhoto,
      template: TEMPLATE,
    })),
    groups: [...holding.rosterIds],
    merged: merges.map(({ fromPersonId, fromName, mergedMs }) => ({
      from: fromPersonId,
      name: fromName,
      at: wireTime(mergedMs),
    })),
    reviews: holding.reviews.map(({ openedMs, state, score, hasPhoto }) => ({
      at: wireTime(openedMs),
      state,
      score,
      picture: hasPhoto,
    })),
    apart: holding.dismissals.map(({ dismissedMs, keyId }) => ({ at: wireTime(dismissedMs), keyId })),
    snapshots: [...holding.snapshotIds],
  };
}
