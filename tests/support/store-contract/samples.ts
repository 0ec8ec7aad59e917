// Rows to store, unlike one another in every member that could be mixed up.
import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { KithError, type Problem } from '../../../src/core/errors.ts';
import type { NewEnrolment } from '../../../src/core/storage/enrolments.ts';
import type { NewGallery } from '../../../src/core/storage/galleries.ts';
import type { NewPerson } from '../../../src/core/storage/persons.ts';
import type { SealedProbe } from '../../../src/core/storage/probes.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import type { Gallery, GalleryKind, GalleryRef } from '../../../src/core/types.ts';

export function newTenantId(): string {
  return `tenant-${randomUUID()}`;
}

export function galleryRef(members: Partial<GalleryRef> = {}): GalleryRef {
  return { tenantId: newTenantId(), kind: 'large-person', galleryId: `g-${randomUUID().slice(0, 8)}`, ...members };
}

export function newGallery(members: Partial<NewGallery> = {}): NewGallery {
  return { ...galleryRef(), name: 'The family', recognitionModel: 'recognition_04', createdMs: 1000, ...members };
}

export function newPerson(members: Partial<NewPerson> = {}): NewPerson {
  return { personId: randomUUID(), name: 'Ada', wrappedKey: uniqueBytes(61), createdMs: 2000, ...members };
}

export function newEnrolment(members: Partial<NewEnrolment> = {}): NewEnrolment {
  return {
    enrolmentId: randomUUID(),
    box: { leftPx: 10.5, topPx: 20.25, widthPx: 100, heightPx: 120.125 },
    quality: { level: 'medium', reasons: ['blurred', 'turned-away'] },
    packId: 'fast',
    sealedTemplate: uniqueBytes(2077),
    createdMs: 3000,
    ...members,
  };
}

export function newProbe(members: Partial<SealedProbe> = {}): SealedProbe {
  return {
    probeId: randomUUID(),
    recognitionModel: 'recognition_04',
    packId: 'fast',
    quality: { level: 'high', reasons: [] },
    sealedTemplate: uniqueBytes(2077),
    expiresMs: 5000,
    ...members,
  };
}

export function createGallery(store: Store, members: Partial<NewGallery> = {}): Promise<Gallery> {
  return store.createGallery(newGallery(members));
}

/** A gallery with persons in it; enrolments of the first person first. */
export async function createFilledGallery(
  store: Store,
  counts: { readonly persons: number; readonly enrolmentsEach: number; readonly kind?: GalleryKind },
) {
  const gallery = await createGallery(store, { kind: counts.kind ?? 'large-person' });
  const batch = Array.from({ length: counts.persons }, (_, i) => ({
    person: newPerson({ name: `Person ${i}` }),
    enrolments: Array.from({ length: counts.enrolmentsEach }, () => newEnrolment()),
  }));
  const numbers = await store.importPersons(gallery, batch);
  const imported = batch.map(({ person: { wrappedKey: _wrappedKey, ...person }, enrolments }, i) => ({
    person: { ...person, personNo: numbers[i]?.personNo ?? 0 },
    enrolments: enrolments.map(({ packId: _packId, sealedTemplate: _sealed, ...enrolment }, j) => ({
      ...enrolment,
      personId: person.personId,
      enrolmentNo: numbers[i]?.enrolmentNos[j] ?? 0,
    })),
  }));
  return { gallery, imported };
}

/** Own memory, as the vault hands it out. */
export function uniqueBytes(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

export async function expectProblem(work: Promise<unknown>, problem: Partial<Problem>): Promise<void> {
  const error = await work.then(
    (value) => new Error(`not refused, but answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof KithError)) throw error;
  expect(error.problem).toMatchObject(problem);
}

export function inOrdinalOrder(texts: readonly string[]): string[] {
  return [...texts].sort((a, b) => (a < b ? -1 : Number(a > b)));
}
