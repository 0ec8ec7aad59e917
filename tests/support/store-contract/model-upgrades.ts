import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import type { Gallery } from '../../../src/core/types.ts';
import { createFilledGallery, expectProblem, newEnrolment, uniqueBytes } from './samples.ts';

const NEW_PACK = 'finer';

export function modelUpgradesContract(store: () => Store): void {
  async function gallery() {
    const filled = await createFilledGallery(store(), { persons: 2, enrolmentsEach: 2 });
    const faces = filled.imported.flatMap(({ enrolments }) => enrolments);
    return { ...filled, faces };
  }

  async function stageAll(ref: Gallery, except: readonly number[] = []) {
    const left = await store().enrolmentsToUpgrade(ref, NEW_PACK, { afterEnrolmentNo: 0, limit: 100 });
    const templates = left
      .filter(({ enrolmentNo }) => !except.includes(enrolmentNo))
      .map(({ enrolmentNo, wrappedKey }) => ({ enrolmentNo, wrappedKey, sealedTemplate: uniqueBytes(600) }));
    await store().stageTemplates(ref, { packId: NEW_PACK, transformKey: undefined }, templates);
    return templates;
  }

  const change = (ref: Gallery, dropEnrolmentNos: readonly number[] = []) =>
    store().switchModel(ref, { recognitionModel: 'finer-1', packId: NEW_PACK, dropEnrolmentNos, nowMs: 77 });

  test('nothing of the old changes until all are staged; then all at once, and the index begins anew', async () => {
    const { gallery: ref, faces } = await gallery();
    expect(await store().findBoundPack(ref)).toBe('fast');
    await store().setTail(ref, {
      curve: { persons: 2, measuredOn: 'x', points: [] } as never,
      fittedMs: 1,
      enrolments: 4,
    });
    const [first] = await store().enrolmentsToUpgrade(ref, NEW_PACK, { afterEnrolmentNo: 0, limit: 1 });
    expect(first).toMatchObject({ enrolmentNo: faces[0]?.enrolmentNo, personId: faces[0]?.personId });
    const staged = await stageAll(ref, [faces[3]?.enrolmentNo ?? 0]);
    const before = await store().getSealedEnrolments(faces.map(({ enrolmentNo }) => enrolmentNo));
    expect(before.map(({ packId }) => packId)).toEqual(['fast', 'fast', 'fast', 'fast']);
    await expectProblem(change(ref), { kind: 'conflict', resource: 'gallery' });
    staged.push(...(await stageAll(ref)));
    expect(await store().enrolmentsToUpgrade(ref, NEW_PACK, { afterEnrolmentNo: 0, limit: 9 })).toEqual([]);

    const changeNo = await store().lastChangeNo();
    expect(await change(ref)).toEqual({ upgraded: 4, dropped: 0 });
    const after = await store().getSealedEnrolments(staged.map(({ enrolmentNo }) => enrolmentNo));
    for (const [i, { packId, sealedTemplate }] of after.entries()) {
      expect(packId).toBe(NEW_PACK);
      expect(Buffer.from(sealedTemplate).equals(staged[i]?.sealedTemplate ?? Buffer.alloc(0))).toBe(true);
    }
    const changed = await store().getGallery(ref);
    expect(changed).toMatchObject({ recognitionModel: 'finer-1', templatesChangedMs: 77 });
    expect(changed.tail).toBeUndefined();
    expect(await store().findBoundPack(ref)).toBe(NEW_PACK);
    const mine = ((await store().changesAfter(changeNo, 100)) ?? []).filter(
      ({ galleryNo }) => galleryNo === ref.galleryNo,
    );
    expect(mine.map(({ op }) => op)).toEqual(['remove-gallery', 'add', 'add', 'add', 'add']);
  });

  async function noteAllErasures() {
    for (const { erasureNo } of await store().erasuresToNote(1e6)) await store().erasuresNoted(erasureNo);
  }

  test('only those named are dropped, and only if they are not staged', async () => {
    const { gallery: ref, faces } = await gallery();
    const [a = 0, b = 0] = faces.map(({ enrolmentNo }) => enrolmentNo);
    await stageAll(ref, [a, b]);
    await expectProblem(change(ref, [a]), { kind: 'conflict' });
    expect(await store().countGallery(ref)).toEqual({ persons: 2, enrolments: 4 });
    await noteAllErasures();
    expect(await change(ref, [a, b, faces[2]?.enrolmentNo ?? 0])).toEqual({ upgraded: 2, dropped: 2 });
    // An older database must not bring the dropped ones back
    expect(await store().erasuresToNote(100)).toHaveLength(2);
    expect(await store().countGallery(ref)).toEqual({ persons: 2, enrolments: 2 });
  });

  test('a template whose person has another key by now, or of another gallery, is not kept', async () => {
    const { gallery: ref } = await gallery();
    const other = await gallery();
    const [face] = await store().enrolmentsToUpgrade(ref, NEW_PACK, { afterEnrolmentNo: 0, limit: 1 });
    if (!face) throw new Error('there are four');
    const sealedTemplate = uniqueBytes(600);
    await store().stageTemplates(ref, { packId: NEW_PACK, transformKey: undefined }, [
      { ...face, wrappedKey: uniqueBytes(61), sealedTemplate },
    ]);
    await store().stageTemplates(other.gallery, { packId: NEW_PACK, transformKey: undefined }, [
      { ...face, sealedTemplate },
    ]);
    expect(await store().enrolmentsToUpgrade(ref, NEW_PACK, { afterEnrolmentNo: 0, limit: 9 })).toHaveLength(4);
  });

  test('a face read by the old model before the change does not come in after it', async () => {
    const { gallery: ref, faces } = await gallery();
    await stageAll(ref);
    await change(ref);
    const personId = faces[0]?.personId ?? '';
    await expectProblem(store().addEnrolment(ref, personId, newEnrolment(), 248), { kind: 'conflict' });
    await store().addEnrolment(ref, personId, newEnrolment({ packId: NEW_PACK }), 248);
  });
}
