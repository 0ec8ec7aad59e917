import { availableParallelism, cpus } from 'node:os';
import type { Command } from 'commander';
import { openEngine } from '../compose.ts';
import { packFor } from '../core/checks.ts';
import { DEFAULT_RECOGNITION_MODEL, MAX_FACES_PER_IMAGE } from '../core/limits.ts';
import type { Deps, GalleryIndex } from '../core/ports.ts';
import { quantile } from '../core/statistics/bootstrap-interval.ts';
import { seededRandom } from '../core/statistics/seeded-random.ts';
import { createGalleryIndex } from '../search/gallery-index.ts';
import { type CommandContext, closing } from './command-context.ts';
import { readSamplePhoto } from './demo/sample-photo.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { wholeNumber } from './option-values.ts';
import type { RunCommand } from './program.ts';
import { count } from './words.ts';

interface BenchOptions {
  readonly people: number;
  readonly seconds: number;
}

const PHOTO_NOS = [1, 2, 3, 4, 5, 6];
const MAX_PEOPLE = 2_000_000;
/** Written in pieces, so that the made-up templates need no memory beside the index. */
const ROWS_A_PIECE = 10_000;
const GALLERY_NO = 1;
/** As many as a busy service has under way. */
const SEARCHES_AT_ONCE = 16;

export function addBenchCommand(program: Command, run: RunCommand): void {
  program
    .command('bench')
    .description(
      'Measures how fast this machine is: photos a second, and a search among so many people. Keeps nothing.',
    )
    .option('--people <n>', 'people to search among, made up', wholeNumber(1, MAX_PEOPLE), 100_000)
    .option('--seconds <n>', 'how long each part is measured', wholeNumber(1, 600), 5)
    .addHelpText('after', '\nExample:\n  kith bench --people 1000000')
    .action((options: BenchOptions, command: Command) => run(command, (context) => bench(context, options)));
}

async function bench({ terminal, loadConfig }: CommandContext, options: BenchOptions): Promise<ExitCode> {
  const config = loadConfig();
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node };
  terminal.record({ type: 'machine', ...machine });
  terminal.answer(`${machine.cpu}, ${count(machine.cores, 'core')}, Node.js ${machine.node}`);

  terminal.note('Reading photos …');
  const { photos, dims } = await closing(await openEngine(config), async (deps) => ({
    photos: await measurePhotos(deps, { processes: config.engineProcesses, seconds: options.seconds }),
    dims: packFor(deps, DEFAULT_RECOGNITION_MODEL).dims,
  }));
  terminal.record({ type: 'photos', ...photos });
  terminal.answer(
    `${terminal.paint('bold', 'Photos')}: ${photos.photosPerSecond.toFixed(1)} a second with ` +
      `${count(photos.processes, 'process', 'processes')} (${photos.facesPerPhoto.toFixed(1)} faces each, 2.6 megapixels); ` +
      `one alone takes ${photos.aloneMs.toFixed(0)} ms`,
  );

  terminal.note(`Making up ${count(options.people, 'person', 'people')} …`);
  const index = await createGalleryIndex({ threads: config.searchThreads });
  const search = await closing(index, () => measureSearch(index, { ...options, dims }));
  terminal.record({ type: 'search', ...search });
  terminal.answer(
    `${terminal.paint('bold', 'Search')} among ${count(search.people, 'person', 'people')}: ${search.p50Ms.toFixed(1)} ms, ` +
      `95 in 100 within ${search.p95Ms.toFixed(1)} ms; ${Math.round(search.searchesPerSecond).toLocaleString('en')} a second ` +
      `when ${SEARCHES_AT_ONCE} come at once; ${Math.ceil(search.memoryBytes / 1e6).toLocaleString('en')} MB of memory`,
  );
  return EXIT.done;
}

/** The whole way from the bytes to templates and measurements, as enrolment and identification take it. */
async function measurePhotos(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  { processes, seconds }: { readonly processes: number; readonly seconds: number },
) {
  const { packId } = packFor(deps, DEFAULT_RECOGNITION_MODEL);
  const samples = await Promise.all(PHOTO_NOS.map(readSamplePhoto));
  let faces = 0;
  const analyse = async (n: number): Promise<void> => {
    const photo = samples[n % samples.length] as Buffer;
    const analysed = await deps.engine.analyse(photo, {
      packId,
      maxFaces: MAX_FACES_PER_IMAGE,
      measure: true,
      embed: true,
    });
    faces += analysed.faces.length;
  };
  // Models are warm, and each photo was read once
  await inParallel(processes, { untilMs: 0, atLeast: samples.length }, analyse);
  const alone = await inParallel(1, { untilMs: seconds * 300, atLeast: samples.length }, analyse);
  faces = 0;
  const startMs = performance.now();
  const times = await inParallel(2 * processes, { untilMs: seconds * 1000, atLeast: samples.length }, analyse);
  const photosPerSecond = (times.length * 1000) / (performance.now() - startMs);
  return {
    processes,
    photos: times.length,
    photosPerSecond,
    facesPerPhoto: faces / times.length,
    aloneMs: quantile(alone, 0.5),
  };
}

async function measureSearch(index: GalleryIndex, { people, seconds, dims }: BenchOptions & { readonly dims: number }) {
  const random = seededRandom(1);
  for (let done = 0; done < people; done += ROWS_A_PIECE) {
    const length = Math.min(ROWS_A_PIECE, people - done);
    const rows = Array.from({ length }, (_, i) => {
      const personNo = done + i + 1;
      return { personNo, enrolmentNo: personNo, vector: madeUpTemplate(random, dims) };
    });
    await index.add(GALLERY_NO, rows);
  }
  const vectors = Array.from({ length: 64 }, () => madeUpTemplate(random, dims));
  const search = async (n: number): Promise<void> => {
    const vector = vectors[n % vectors.length] as Float32Array;
    await index.search(GALLERY_NO, { vector, maxPersons: 3, minScore: 0 });
  };
  await inParallel(SEARCHES_AT_ONCE, { untilMs: 0, atLeast: vectors.length }, search);
  const alone = await inParallel(1, { untilMs: seconds * 500, atLeast: vectors.length }, search);
  const startMs = performance.now();
  const crowd = await inParallel(SEARCHES_AT_ONCE, { untilMs: seconds * 500, atLeast: vectors.length }, search);
  const searchesPerSecond = (crowd.length * 1000) / (performance.now() - startMs);
  const { reservedBytes: memoryBytes } = await index.stats();
  return {
    people,
    dims,
    searches: alone.length,
    p50Ms: quantile(alone, 0.5),
    p95Ms: quantile(alone, 0.95),
    searchesPerSecond,
    memoryBytes,
  };
}

/** Calls `work` again and again, so many at once, for that long and that often; answers the times of each, sorted. */
async function inParallel(
  lanes: number,
  { untilMs, atLeast }: { readonly untilMs: number; readonly atLeast: number },
  work: (n: number) => Promise<void>,
): Promise<Float64Array> {
  const times: number[] = [];
  const startMs = performance.now();
  let n = 0;
  const lane = async (): Promise<void> => {
    while (n < atLeast || performance.now() - startMs < untilMs) {
      const beginMs = performance.now();
      await work(n++);
      times.push(performance.now() - beginMs);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return Float64Array.from(times).sort();
}

/** A direction at random: nobody's, and as far from the others as strangers are. */
function madeUpTemplate(random: () => number, dims: number): Float32Array {
  const vector = Float32Array.from({ length: dims }, () => random() + random() + random() - 1.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
