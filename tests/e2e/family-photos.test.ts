// The sample photos of Azure's own quickstarts, by Azure's own client: who is in the group photo?
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type FaceClient, isUnexpected } from '@azure-rest/ai-vision-face';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newerClient } from '../support/azure-clients.ts';
import { startSecureService, type TestService } from '../support/service.ts';

const photosDir = new URL('../../../shared/photos/family/', import.meta.url);
const hasPhotos = existsSync(photosDir);

const MODELS = { detectionModel: 'detection_03', recognitionModel: 'recognition_04' } as const;
const GROUP = 'families';

/** `Family1-Dad` → its portraits in order. */
function portraits(): Map<string, string[]> {
  const byPerson = new Map<string, string[]>();
  for (const file of readdirSync(photosDir).sort()) {
    const person = /^(Family\d-[A-Za-z]+)\d+\.jpg$/.exec(file)?.[1];
    if (person) byPerson.set(person, [...(byPerson.get(person) ?? []), file]);
  }
  return byPerson;
}

describe.skipIf(!hasPhotos)('families (skipped where their photos are not beside the project)', () => {
  let service: TestService;
  let client: FaceClient;
  const names = new Map<string, string>();
  /** The last of several portraits of a person; it is not enrolled. */
  const leftOut = new Map<string, string>();

  beforeAll(async () => {
    const started = await startSecureService();
    service = started.service;
    client = newerClient({ ...service, ca: started.ca });
    await client
      .path('/largepersongroups/{largePersonGroupId}', GROUP)
      .put({ body: { name: 'Families', recognitionModel: 'recognition_04' } });
    for (const [name, files] of portraits()) {
      const person = await client
        .path('/largepersongroups/{largePersonGroupId}/persons', GROUP)
        .post({ body: { name } });
      if (isUnexpected(person)) throw new Error(person.body.error.message);
      const { personId } = person.body;
      names.set(personId, name);
      if (files.length > 1) leftOut.set(name, files.pop() as string);
      for (const file of files) {
        const added = await client
          .path('/largepersongroups/{largePersonGroupId}/persons/{personId}/persistedfaces', GROUP, personId)
          .post({
            contentType: 'application/octet-stream',
            body: readFileSync(new URL(file, photosDir)),
            queryParameters: { detectionModel: 'detection_03' },
          });
        expect(`${file} ${added.status}`).toBe(`${file} 200`);
      }
    }
    await client.path('/largepersongroups/{largePersonGroupId}/train', GROUP).post();
  });
  afterAll(() => service?.stop());

  /** Names of the people in a photo; `nobody` for each face that nobody passes for. */
  async function namesIn(file: string): Promise<string[]> {
    const detected = await client.path('/detect').post({
      contentType: 'application/octet-stream',
      body: readFileSync(new URL(file, photosDir)),
      queryParameters: { ...MODELS, returnFaceId: true },
    });
    if (isUnexpected(detected)) throw new Error(detected.body.error.message);
    const faceIds = detected.body.map(({ faceId }) => faceId as string);
    const identified = await client.path('/identify').post({ body: { faceIds, largePersonGroupId: GROUP } });
    if (isUnexpected(identified)) throw new Error(identified.body.error.message);
    return identified.body.map(({ candidates }) => names.get(candidates[0]?.personId ?? '') ?? 'nobody').sort();
  }

  test('each person is known again in their last portrait', async () => {
    expect(leftOut.size).toBeGreaterThanOrEqual(6);
    for (const [name, file] of leftOut) expect(await namesIn(file)).toEqual([name]);
  });

  test('the four in the group photo are the first family', async () => {
    expect(await namesIn('identification1.jpg')).toEqual([
      'Family1-Dad',
      'Family1-Daughter',
      'Family1-Mom',
      'Family1-Son',
    ]);
  });

  test('the third family is in no other photo', async () => {
    for (const file of [...leftOut.values(), 'identification1.jpg']) {
      for (const name of await namesIn(file)) expect(name).not.toMatch(/^Family3/);
    }
  });
});
