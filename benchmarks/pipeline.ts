// npm run bench:pipeline [-- folder …]: time a photo and a face spend in each step, on one thread, and how much of the
// whole the networks themselves take. Without folders it reads the photos that come with @vladmandic/face-api.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AnalyseOptions } from '../src/core/ports.ts';
import { analyseImage, type Step } from '../src/vision/analyse.ts';
import { restrictImageLoaders } from '../src/vision/decode.ts';
import { createFaceEngine } from '../src/vision/face-engine.ts';
import { type FaceModels, openFaceModels } from '../src/vision/face-models.ts';
import { openBatch, openDetectorGraph, rewritePRelu } from '../src/vision/graph-patch.ts';
import { CATALOGUE, DETECTOR, LANDMARKER, type ModelFile, POSE_ESTIMATOR } from '../src/vision/model-catalogue.ts';
import { readModelFile } from '../src/vision/model-file.ts';
import { type OnnxModel, openOnnxModel } from '../src/vision/onnx-session.ts';
import { printHeading, writeResults } from './report.ts';

const ROUNDS = 7;
const MAX_PHOTOS = 60;
const EVENT_LOOP_PHOTOS = 60;
const PROFILES = {
  'template only (enrol, identify)': { embed: true, measure: false },
  'template and all measurements': { embed: true, measure: true },
} as const;

/** The networks of the pipeline, which note what they are asked, and the same without anything around them. */
interface Recorder {
  readonly models: FaceModels;
  /** Runs since the last call, to be run again bare: on float planes of the same size, no pixels to convert. */
  take(): readonly (() => Promise<unknown>)[];
}

interface PhotoTimes {
  readonly photo: string;
  readonly faces: number;
  /** Bytes to faces. */
  readonly wholeMs: number;
  readonly bareMs: number;
  readonly stepsMs: Readonly<Record<Step, number>>;
  /** Processor time of all threads of the process, over all rounds. */
  readonly cpuMs: { readonly whole: number; readonly decode: number; readonly bare: number };
}

printHeading('Pipeline, one process, one thread; of each photo the best of several rounds');
restrictImageLoaders();
const recorder = await openRecorder();
const folders = process.argv.slice(2);
const sets = folders.length > 0 ? folders : [join(packageFolder('@vladmandic/face-api'), 'demo')];
const results = [];
for (const folder of sets) {
  const photos = await readPhotos(folder);
  for (const [profile, flags] of Object.entries(PROFILES)) {
    const times: PhotoTimes[] = [];
    for (const photo of photos) times.push(await timePhoto(photo, { packId: 'fast', maxFaces: 100, ...flags }));
    results.push(report(folder, profile, times));
  }
}
const eventLoop = await measureEventLoop(await readPhotos(sets[0] as string));
console.log(
  `${eventLoop.photos} photos in ${eventLoop.processes} processes: ${eventLoop.photosPerSecond.toFixed(1)} a second; ` +
    `the service's event loop waited ${eventLoop.longestWaitMs.toFixed(1)} ms at most, ${eventLoop.p99WaitMs.toFixed(1)} ms in 99 of 100`,
);
console.log(`written to ${writeResults('pipeline', { rounds: ROUNDS, intraOpThreads: 1, sets: results, eventLoop })}`);

/** The same photos through the engine that the service runs: is its own thread free meanwhile? */
async function measureEventLoop(photos: readonly Photo[]) {
  const processes = availableParallelism();
  const engine = await createFaceEngine({ processes });
  const queue = Array.from({ length: Math.ceil(EVENT_LOOP_PHOTOS / photos.length) }, () => photos).flat();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await Promise.all(
    queue.map(({ bytes }) => engine.analyse(bytes, { packId: 'fast', maxFaces: 100, embed: true, measure: true })),
  );
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  await engine.close();
  const nanoseconds = 1e6;
  return {
    photos: queue.length,
    processes,
    photosPerSecond: queue.length / seconds,
    longestWaitMs: delay.max / nanoseconds,
    p99WaitMs: delay.percentile(99) / nanoseconds,
  };
}

async function timePhoto(photo: Photo, options: AnalyseOptions): Promise<PhotoTimes> {
  const rounds: Omit<PhotoTimes, 'cpuMs'>[] = [];
  const cpuMs = { whole: 0, decode: 0, bare: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const stepsMs: Record<Step, number> = { decode: 0, detect: 0, landmarks: 0, embed: 0, measure: 0 };
    recorder.take();
    const whole = startWatch();
    const { faces } = await analyseImage(recorder.models, photo.bytes, options, {
      timer: async (step, work) => {
        const watch = startWatch();
        const result = await work();
        stepsMs[step] += watch.elapsedMs();
        if (step === 'decode') cpuMs.decode += watch.cpuMs();
        return result;
      },
    });
    const wholeMs = whole.elapsedMs();
    cpuMs.whole += whole.cpuMs();
    const runs = recorder.take();
    const bare = startWatch();
    for (const run of runs) await run();
    cpuMs.bare += bare.cpuMs();
    rounds.push({ photo: basename(photo.path), faces: faces.length, wholeMs, bareMs: bare.elapsedMs(), stepsMs });
  }
  // A round in which the machine was busy tells of the machine: the quickest of each, whole and bare
  const best = rounds.reduce((a, b) => (b.wholeMs < a.wholeMs ? b : a));
  return { ...best, bareMs: Math.min(...rounds.map(({ bareMs }) => bareMs)), cpuMs };
}

function startWatch() {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  return {
    elapsedMs: () => performance.now() - start,
    cpuMs: () => {
      const { user, system } = process.cpuUsage(cpuStart);
      return (user + system) / 1000;
    },
  };
}

function report(folder: string, profile: string, times: readonly PhotoTimes[]) {
  const sum = (value: (time: PhotoTimes) => number): number => times.reduce((total, time) => total + value(time), 0);
  const photos = times.length;
  const faces = sum((time) => time.faces);
  const step = (name: Step): number => sum(({ stepsMs }) => stepsMs[name]);
  const bareMs = sum((time) => time.bareMs);
  const wholeMs = sum((time) => time.wholeMs);
  const bareCpuMs = sum(({ cpuMs }) => cpuMs.bare);
  const wholeCpuMs = sum(({ cpuMs }) => cpuMs.whole);
  const figures = {
    photos,
    faces,
    msPerPhoto: {
      decode: step('decode') / photos,
      detect: step('detect') / photos,
      landmarks: step('landmarks') / photos,
      embed: step('embed') / photos,
      measure: step('measure') / photos,
      whole: wholeMs / photos,
      bareModels: bareMs / photos,
    },
    msPerFace: {
      landmarks: step('landmarks') / faces,
      embed: step('embed') / faces,
      measure: step('measure') / faces,
    },
    /** Share of the time from pixels to faces that the networks need by themselves: best rounds, one thread. */
    efficiency: bareMs / (wholeMs - step('decode')),
    efficiencyWithDecode: bareMs / wholeMs,
    /** The same of processor time, in which the collector's and the resizer's threads count too. */
    cpuEfficiency: bareCpuMs / (wholeCpuMs - sum(({ cpuMs }) => cpuMs.decode)),
  };
  console.log(`${folder}: ${photos} photos, ${faces} faces; ${profile}`);
  for (const [name, ms] of Object.entries(figures.msPerPhoto)) {
    const perFace = figures.msPerFace[name as keyof typeof figures.msPerFace];
    console.log(
      `  ${name.padEnd(11)}${ms.toFixed(2).padStart(9)} ms a photo${perFace === undefined ? '' : `${perFace.toFixed(2).padStart(9)} ms a face`}`,
    );
  }
  console.log(
    `  bare networks / pixels to faces   ${figures.efficiency.toFixed(3)}  (processor time ${figures.cpuEfficiency.toFixed(3)})`,
  );
  console.log(`  bare networks / file to faces     ${figures.efficiencyWithDecode.toFixed(3)}\n`);
  return { folder: basename(folder), profile, ...figures };
}

interface Photo {
  readonly path: string;
  readonly bytes: Uint8Array;
}

async function readPhotos(folder: string): Promise<readonly Photo[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.jpe?g$/i.test(name)).sort();
  // Every so many of a large folder, not its first letters
  const every = Math.ceil(names.length / MAX_PHOTOS);
  const paths = names.filter((_, i) => i % every === 0).map((name) => join(folder, name));
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(path) })));
}

async function openRecorder(): Promise<Recorder> {
  const options = { intraOpThreads: 1 };
  const models = await openFaceModels(options);
  const bareModel = async (file: ModelFile, patch: (graph: Uint8Array) => Uint8Array) =>
    openOnnxModel(patch(await readModelFile(file)), options);
  let runs: (() => () => Promise<unknown>)[] = [];
  // Made once a size: the collector would come for them in the middle of a round
  const buffers = new Map<number, Float32Array>();
  const reuse = (length: number): Float32Array => {
    const values = buffers.get(length) ?? new Float32Array(length).fill(0.1);
    buffers.set(length, values);
    return values;
  };
  const recorded = (model: OnnxModel, bare: OnnxModel, planes: number): OnnxModel => ({
    run(pixels, dims) {
      const [batch = 1, height = 1, width = 1] = dims;
      // Only noted here: whatever this does is timed
      runs.push(() => {
        const values = reuse(batch * planes * height * width);
        return () => bare.run(values, [batch, planes, height, width]);
      });
      return model.run(pixels, dims);
    },
    close: () => model.close(),
  });
  const embedders = new Map<string, OnnxModel>();
  for (const { packId, embedder } of CATALOGUE) {
    const bare = await bareModel(embedder, (graph) => rewritePRelu(openBatch(graph)));
    embedders.set(packId, recorded(models.embedders.get(packId) as OnnxModel, bare, 3));
  }
  return {
    models: {
      detector: recorded(models.detector, await bareModel(DETECTOR, openDetectorGraph), 3),
      landmarker: recorded(models.landmarker, await bareModel(LANDMARKER, openBatch), 1),
      poseEstimator: recorded(models.poseEstimator, await bareModel(POSE_ESTIMATOR, openBatch), 3),
      embedders,
      addedEmbedders: new Map(),
    },
    take() {
      const taken = runs.map((prepare) => prepare());
      runs = [];
      return taken;
    },
  };
}

function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}
