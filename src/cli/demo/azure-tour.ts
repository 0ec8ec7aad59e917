// The whole of the demo's conversation with the service: Azure's own client, as its users write it.
import { AzureKeyCredential } from '@azure/core-auth';
import createFaceClient, { type FaceClient, getLongRunningPoller, isUnexpected } from '@azure-rest/ai-vision-face';
import type { Box } from '../../core/types.ts';

const GROUP = 'demo';
const RECOGNITION = 'recognition_04';
const DETECTION = 'detection_03';
/** Azure: faces in one identify call. */
const MAX_FACE_IDS = 10;
/** Also name those who fall short of the threshold, 0.5, so that they can be shown as questions. */
const MIN_CONFIDENCE = 0.1;

export interface SeenFace {
  readonly box: Box;
  /** Best first, with a confidence of `MIN_CONFIDENCE` or more. */
  readonly candidates: readonly { readonly name: string; readonly confidence: number }[];
}

export interface AzureTour {
  /** Enrols the faces of a photo from left to right under the names given; answers where they are. */
  enrol(photo: Uint8Array, names: readonly string[]): Promise<readonly Box[]>;
  /** Trains the group: from then on `lookFor` answers. */
  train(): Promise<void>;
  /** Every face of a photo from left to right, and who that may be. */
  lookFor(photo: Uint8Array): Promise<readonly SeenFace[]>;
}

export async function startAzureTour(service: {
  readonly url: string;
  readonly key: string;
  readonly ca: string;
}): Promise<AzureTour> {
  const client = createFaceClient(service.url, new AzureKeyCredential(service.key), {
    tlsOptions: { ca: service.ca },
  });
  const namesById = new Map<string, string>();
  const created = await client
    .path('/largepersongroups/{largePersonGroupId}', GROUP)
    .put({ body: { name: 'Demo', recognitionModel: RECOGNITION } });
  if (isUnexpected(created)) throw refused(created.body);

  return {
    async enrol(photo, names) {
      const faces = await detect(client, photo);
      if (faces.length !== names.length) throw new Error(`found ${faces.length} faces in place of ${names.length}`);
      for (const [i, name] of names.entries()) {
        const person = await client
          .path('/largepersongroups/{largePersonGroupId}/persons', GROUP)
          .post({ body: { name } });
        if (isUnexpected(person)) throw refused(person.body);
        const { personId } = person.body;
        namesById.set(personId, name);
        const { left, top, width, height } = (faces[i] as DetectedFace).faceRectangle;
        const added = await client
          .path('/largepersongroups/{largePersonGroupId}/persons/{personId}/persistedfaces', GROUP, personId)
          .post({
            contentType: 'application/octet-stream',
            body: photo,
            queryParameters: { detectionModel: DETECTION, targetFace: [left, top, width, height] },
          });
        if (isUnexpected(added)) throw refused(added.body);
      }
      return faces.map(boxOf);
    },
    async train() {
      const started = await client.path('/largepersongroups/{largePersonGroupId}/train', GROUP).post();
      if (isUnexpected(started)) throw refused(started.body);
      await (await getLongRunningPoller(client, started, { intervalInMs: 50 })).pollUntilDone();
    },
    async lookFor(photo) {
      const faces = await detect(client, photo);
      const [...faceIds] = faces.map(({ faceId }) => faceId as string);
      if (faceIds.length === 0) return [];
      const identified = await client.path('/identify').post({
        body: {
          faceIds: faceIds.slice(0, MAX_FACE_IDS),
          largePersonGroupId: GROUP,
          maxNumOfCandidatesReturned: 1,
          confidenceThreshold: MIN_CONFIDENCE,
        },
      });
      if (isUnexpected(identified)) throw refused(identified.body);
      return identified.body.map(({ candidates }, i) => ({
        box: boxOf(faces[i] as DetectedFace),
        candidates: candidates.map(({ personId, confidence }) => ({
          name: namesById.get(personId) ?? personId,
          confidence,
        })),
      }));
    },
  };
}

interface DetectedFace {
  readonly faceId?: string;
  readonly faceRectangle: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
}

async function detect(client: FaceClient, photo: Uint8Array): Promise<readonly DetectedFace[]> {
  const detected = await client.path('/detect').post({
    contentType: 'application/octet-stream',
    body: photo,
    queryParameters: { detectionModel: DETECTION, recognitionModel: RECOGNITION, returnFaceId: true },
  });
  if (isUnexpected(detected)) throw refused(detected.body);
  return [...detected.body].sort((a, b) => a.faceRectangle.left - b.faceRectangle.left);
}

function boxOf({ faceRectangle: { left, top, width, height } }: DetectedFace): Box {
  return { leftPx: left, topPx: top, widthPx: width, heightPx: height };
}

function refused(body: { readonly error: { readonly code: string; readonly message: string } }): Error {
  return new Error(`the service refused: ${body.error.code}, ${body.error.message}`);
}
