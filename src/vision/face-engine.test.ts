import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samplePhoto } from '../../tests/support/photos.ts';
import { KithError } from '../core/errors.ts';
import { compareTemplates } from '../core/score.ts';
import type { AnalysedImage, Template } from '../core/types.ts';
import { createFaceEngine, type PooledFaceEngine } from './face-engine.ts';

const EVERYTHING = { packId: 'fast', maxFaces: 100, measure: true, embed: true } as const;
const NUMBERS = [1, 2, 3, 4, 5, 6] as const;

function templateOf({ faces }: AnalysedImage, index: number): Template {
  const template = faces[index]?.template;
  if (!template) throw new Error(`face ${index} has no template`);
  return template;
}

/** The face of which the box begins near this column. */
function faceAt({ faces }: AnalysedImage, leftPx: number): number {
  return faces.findIndex(({ box }) => Math.abs(box.leftPx - leftPx) < 40);
}

async function problemOf(promise: Promise<unknown>): Promise<unknown> {
  const reason = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
  return reason instanceof KithError ? reason.problem : reason;
}

/** Tries again while a fresh process starts. */
async function analyseWhenReady(engine: PooledFaceEngine, photo: Buffer): Promise<AnalysedImage> {
  for (;;) {
    try {
      return await engine.analyse(photo, EVERYTHING);
    } catch (error) {
      if (!(error instanceof KithError) || error.problem.kind !== 'busy') throw error;
    }
  }
}

describe('photos of several people', () => {
  let engine: PooledFaceEngine;
  const analysed: Partial<Record<(typeof NUMBERS)[number], AnalysedImage>> = {};
  const photo = (number: (typeof NUMBERS)[number]): AnalysedImage => analysed[number] as AnalysedImage;

  beforeAll(async () => {
    engine = await createFaceEngine({ processes: 2 });
    await Promise.all(
      NUMBERS.map(async (number) => {
        analysed[number] = await engine.analyse(samplePhoto(number), EVERYTHING);
      }),
    );
  });
  afterAll(() => engine.close());

  test('every face is found, and nothing else', () => {
    expect(NUMBERS.map((number) => photo(number).faces.length)).toEqual([3, 3, 3, 4, 5, 4]);
  });

  test('faces come largest first, with boxes inside the photo', () => {
    for (const number of NUMBERS) {
      const { faces, widthPx, heightPx } = photo(number);
      const areas = faces.map(({ box }) => box.widthPx * box.heightPx);
      expect(areas).toEqual([...areas].sort((a, b) => b - a));
      for (const { box } of faces) {
        expect(Math.min(box.leftPx, box.topPx)).toBeGreaterThanOrEqual(0);
        expect(box.leftPx + box.widthPx).toBeLessThanOrEqual(widthPx + 1e-6);
        expect(box.topPx + box.heightPx).toBeLessThanOrEqual(heightPx + 1e-6);
      }
    }
  });

  test('templates are unit vectors of the length the pack names', () => {
    const [pack] = engine.packs;
    for (const { vector, packId } of photo(5).faces.map((_, i) => templateOf(photo(5), i))) {
      expect(packId).toBe(pack?.packId);
      expect(vector.length).toBe(pack?.dims);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });

  test('one woman in two photos scores as herself, strangers below the midpoint', () => {
    const twice = compareTemplates(
      templateOf(photo(1), faceAt(photo(1), 1461)),
      templateOf(photo(3), faceAt(photo(3), 1069)),
    );
    expect(twice).toBeGreaterThan(0.65);
    const scores = photo(5).faces.flatMap((_, i) =>
      photo(6).faces.map((__, j) => compareTemplates(templateOf(photo(5), i), templateOf(photo(6), j))),
    );
    expect(scores).toHaveLength(20);
    expect(Math.max(...scores)).toBeLessThan(0.42);
  });

  test('landmarks lie where they belong', () => {
    for (const { landmarks, box } of photo(6).faces) {
      expect(landmarks).toHaveLength(68);
      const [leftEye, rightEye, noseTip, chin] = [36, 45, 30, 8].map((i) => landmarks[i] as (typeof landmarks)[number]);
      expect(leftEye?.xPx).toBeLessThan(rightEye?.xPx ?? 0);
      expect(noseTip?.yPx).toBeGreaterThan(leftEye?.yPx ?? 0);
      expect(chin?.yPx).toBeGreaterThan(noseTip?.yPx ?? 0);
      expect(noseTip?.xPx).toBeGreaterThan(box.leftPx);
      expect(noseTip?.xPx).toBeLessThan(box.leftPx + box.widthPx);
    }
  });

  test('what is not asked for is not made, and no face is lost by it', async () => {
    const { faces } = await engine.analyse(samplePhoto(4), { ...EVERYTHING, measure: false, embed: false });
    expect(faces.map(({ box }) => box)).toEqual(photo(4).faces.map(({ box }) => box));
    for (const face of faces) expect(Object.keys(face).sort()).toEqual(['box', 'detectorScore', 'landmarks']);
  });

  test('of more faces than wanted the largest are kept', async () => {
    const { faces } = await engine.analyse(samplePhoto(5), { ...EVERYTHING, maxFaces: 2 });
    expect(faces.map(({ box }) => box)).toEqual(
      photo(5)
        .faces.slice(0, 2)
        .map(({ box }) => box),
    );
  });

  test('a mirrored head turns the other way, a turned photo rolls', async () => {
    const [straight] = photo(6).faces;
    const mirrored = await engine.analyse(await sharp(samplePhoto(4)).flop().png().toBuffer(), EVERYTHING);
    const yaws = photo(4).faces.map(({ measurements }) => measurements?.pose.yawDeg ?? 0);
    const opposite = mirrored.faces.map(({ measurements }) => measurements?.pose.yawDeg ?? 0);
    expect(mirrored.faces).toHaveLength(4);
    yaws.sort((a, b) => a - b);
    opposite.sort((a, b) => b - a);
    for (const [i, yaw] of yaws.entries()) expect(Math.abs(yaw + (opposite[i] ?? 0))).toBeLessThan(8);

    const { leftPx, topPx, widthPx, heightPx } = straight?.box ?? { leftPx: 0, topPx: 0, widthPx: 1, heightPx: 1 };
    const around = await sharp(samplePhoto(6))
      .extract({
        left: Math.round(leftPx - widthPx / 2),
        top: Math.round(topPx - heightPx / 2),
        width: Math.round(widthPx * 1.9),
        height: Math.round(heightPx * 2),
      })
      .toBuffer();
    const turned = await engine.analyse(
      await sharp(around).rotate(25, { background: '#000' }).png().toBuffer(),
      EVERYTHING,
    );
    const rollDeg = turned.faces[0]?.measurements?.pose.rollDeg ?? 0;
    expect(Math.abs(rollDeg - (straight?.measurements?.pose.rollDeg ?? 0) - 25)).toBeLessThan(4);
  });

  test('a picture without a face has none', async () => {
    const width = 800;
    const noise = Buffer.from(Array.from({ length: width * 600 * 3 }, (_, i) => (i * 2654435761) >>> 24));
    const image = await sharp(noise, { raw: { width, height: 600, channels: 3 } })
      .blur(3)
      .jpeg()
      .toBuffer();
    expect((await engine.analyse(image, EVERYTHING)).faces).toEqual([]);
  });

  test('bytes that are no photo cross the process as the problem they are', async () => {
    expect(await problemOf(engine.analyse(Buffer.from('not a photo'), EVERYTHING))).toMatchObject({
      kind: 'image-unusable',
      fault: 'undecodable',
    });
    expect(await problemOf(engine.analyse(new Uint8Array(), EVERYTHING))).toMatchObject({ fault: 'undecodable' });
  });

  test('an unknown pack is an error, not a problem of the image', async () => {
    expect(await problemOf(engine.analyse(samplePhoto(6), { ...EVERYTHING, packId: 'nope' }))).toBeInstanceOf(Error);
  });
});

describe('when a process is lost', () => {
  test('a killed process costs its request and no other', async () => {
    const lost: string[] = [];
    const engine = await createFaceEngine({ processes: 1, onProcessLost: (message) => lost.push(message) });
    const [pid = 0] = engine.pids;
    const running = problemOf(engine.analyse(samplePhoto(1), EVERYTHING));
    const waiting = engine.analyse(samplePhoto(6), EVERYTHING);
    process.kill(pid, 'SIGKILL');
    expect(await running).toMatchObject({ kind: 'image-unusable', fault: 'undecodable' });
    expect((await waiting).faces).toHaveLength(4);
    expect(lost).toEqual(['a vision process was lost: signal SIGKILL']);
    expect(engine.pids).not.toContain(pid);
    await engine.close();
  });

  test('one that hangs is ended at the deadline, and its successor works', async () => {
    const deadlineMs = 5000;
    const lost: string[] = [];
    const engine = await createFaceEngine({ processes: 1, deadlineMs, onProcessLost: (message) => lost.push(message) });
    process.kill(engine.pids[0] ?? 0, 'SIGSTOP');
    expect(await problemOf(engine.analyse(samplePhoto(6), EVERYTHING))).toMatchObject({
      kind: 'image-unusable',
      fault: 'undecodable',
    });
    expect(lost).toEqual(['a vision process was lost: it took longer than 5000 ms']);
    expect((await analyseWhenReady(engine, samplePhoto(6))).faces).toHaveLength(4);
    await engine.close();
  });

  test('one that outgrows its memory is replaced', async () => {
    const lost: string[] = [];
    // Models and runtime alone need more than this
    const engine = await createFaceEngine({
      processes: 1,
      maxRssMb: 60,
      onProcessLost: (message) => lost.push(message),
    });
    await expect.poll(() => lost, { timeout: 20_000 }).toContain('a vision process was lost: exit code 1');
    await engine.close();
  });

  test('when the service dies its processes follow', async () => {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const script = `const { createFaceEngine } = await import(${JSON.stringify(new URL('./face-engine.ts', import.meta.url).href)});
      const engine = await createFaceEngine({ processes: 2 });
      console.log(JSON.stringify(engine.pids));`;
    const service = spawn(process.execPath, ['--import', loader, '--input-type=module', '--eval', script]);
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.filter(isAlive)).toHaveLength(2);
    service.kill('SIGKILL');
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
  });
});

describe('when there is too much', () => {
  let engine: PooledFaceEngine;
  beforeAll(async () => {
    engine = await createFaceEngine({ processes: 1, maxQueued: 1 });
  });
  afterAll(() => engine.close());

  test('a request beyond the queue is refused as busy, those before are served', async () => {
    const served = [engine.analyse(samplePhoto(6), EVERYTHING), engine.analyse(samplePhoto(1), EVERYTHING)];
    expect(await problemOf(engine.analyse(samplePhoto(2), EVERYTHING))).toEqual({ kind: 'busy', retryAfterS: 1 });
    expect((await Promise.all(served)).map(({ faces }) => faces.length)).toEqual([4, 3]);
  });

  test('a request called off leaves the queue, or drops its answer', async () => {
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = engine.analyse(samplePhoto(6), EVERYTHING, running.signal);
    const second = engine.analyse(samplePhoto(1), EVERYTHING, waiting.signal);
    waiting.abort(new Error('no longer wanted'));
    await expect(second).rejects.toThrow('no longer wanted');
    const third = engine.analyse(samplePhoto(2), EVERYTHING);
    running.abort(new Error('nor this'));
    await expect(first).rejects.toThrow('nor this');
    expect((await third).faces).toHaveLength(3);
    await expect(
      engine.analyse(samplePhoto(1), EVERYTHING, AbortSignal.abort(new Error('from the start'))),
    ).rejects.toThrow('from the start');
  });

  test('closing ends the processes and refuses what comes later', async () => {
    const closing = await createFaceEngine({ processes: 1 });
    const { pids } = closing;
    const running = closing.analyse(samplePhoto(6), EVERYTHING);
    running.catch(() => undefined);
    await closing.close();
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(running).rejects.toThrow();
    await expect(closing.analyse(samplePhoto(6), EVERYTHING)).rejects.toThrow('closed');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
