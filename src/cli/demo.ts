import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { DEFAULT_MIN_CONFIDENCE } from '../core/limits.ts';
import type { RunningService } from '../run-service.ts';
import { annotatePhoto, encodePng, type FaceMark } from './annotate/annotate-photo.ts';
import type { CommandContext } from './command-context.ts';
import { type AzureTour, type SeenFace, startAzureTour } from './demo/azure-tour.ts';
import { makeContactSheet, type Tile } from './demo/contact-sheet.ts';
import { readSamplePhoto } from './demo/sample-photo.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { duration } from './rate-meter.ts';
import { boxRecord } from './records.ts';
import { type Cell, formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { confidenceInWords, count, where } from './words.ts';

interface DemoOptions {
  readonly out: string;
}

/** Invented: the package that ships the photos doesn't say who the people are. */
const NAMES = ['Ana', 'Bea', 'Cleo'];
const ENROLLED_PHOTO = 1;
const OTHER_PHOTOS = [2, 3, 4, 5, 6];
/** A match, a question and strangers. */
const SHOWN_PHOTOS = new Set([3, 4, 5]);

export function addDemoCommand(program: Command, run: RunCommand): void {
  program
    .command('demo')
    .description("Shows Kith at work on a few photos, through Azure's own client, and leaves only a picture behind.")
    .option('--out <file.png>', 'where the picture goes', 'kith-demo.png')
    .addHelpText('after', '\nExample:\n  kith demo --out who-is-who.png')
    .action((options: DemoOptions, command: Command) => run(command, (context) => demo(context, options)));
}

async function demo({ terminal }: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const startMs = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'kith-demo-'));
  let service: RunningService | undefined;
  const cleanUp = async () => {
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const onSignal = () => {
    cleanUp().finally(() => process.exit(EXIT.interrupted));
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    terminal.say(terminal.paint('bold', 'Kith: names in photos, on this machine alone'));
    terminal.say('');
    const key = randomBytes(32).toString('base64url');
    const { makeCertificates } = await import('./certificates.ts');
    const { runService } = await import('../run-service.ts');
    const { ca, server } = await makeCertificates();
    await writeFile(join(folder, 'cert.pem'), server.cert);
    await writeFile(join(folder, 'key.pem'), server.key, { mode: 0o600 });
    service = await runService(
      loadConfig({
        KITH_PORT: '0',
        KITH_DATA_DIR: join(folder, 'data'),
        KITH_API_KEY: key,
        KITH_TLS_CERT: join(folder, 'cert.pem'),
        KITH_TLS_KEY: join(folder, 'key.pem'),
        KITH_LOG_LEVEL: 'silent',
      }),
      () => undefined,
    );
    terminal.say(
      terminal.fold(
        `The service runs at ${service.url}, with a certificate made just now and data in a folder that goes away.`,
      ),
    );
    const tour = await startAzureTour({ url: service.url, key, ca: ca.cert });
    return await tell(terminal, tour, { startMs, out: resolve(options.out) });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    await cleanUp();
  }
}

async function tell(
  terminal: Terminal,
  tour: AzureTour,
  run: { readonly startMs: number; readonly out: string },
): Promise<ExitCode> {
  const enrolledPhoto = await readSamplePhoto(ENROLLED_PHOTO);
  const boxes = await tour.enrol(enrolledPhoto, NAMES);
  await tour.train();
  terminal.say(
    terminal.fold(
      `Enrolled the ${count(NAMES.length, 'person', 'people')} of photo ${ENROLLED_PHOTO} as ${NAMES.join(', ')} (invented names).`,
    ),
  );

  const marks = boxes.map((box, i): FaceMark => ({ box, title: NAMES[i] ?? '', detail: 'enrolled', tone: 'enrolled' }));
  const tiles: Tile[] = [
    {
      picture: await annotatePhoto(enrolledPhoto, marks),
      caption: `Photo ${ENROLLED_PHOTO}: these three were enrolled`,
    },
  ];
  const rows: Cell[][] = [];
  let matches = 0;
  for (const photoNo of OTHER_PHOTOS) {
    const photo = await readSamplePhoto(photoNo);
    const faces = await tour.lookFor(photo);
    matches += faces.filter((face) => judge(face).tone === 'match').length;
    for (const face of faces) {
      const { title, detail, tone } = judge(face);
      terminal.record({
        type: 'face',
        photo: photoNo,
        box: boxRecord(face.box),
        outcome: tone,
        candidates: face.candidates,
      });
      const style = { match: 'green', review: 'yellow', unknown: 'dim' } as const;
      rows.push([`photo ${photoNo}`, { text: title, style: style[tone] }, detail, where(face.box)]);
    }
    if (SHOWN_PHOTOS.has(photoNo)) {
      const named = faces.map(markOf);
      tiles.push({ picture: await annotatePhoto(photo, named), caption: captionOf(photoNo, faces) });
    }
  }
  terminal.say(
    terminal.fold(
      `Looked for them in ${OTHER_PHOTOS.length} other photos, ${count(rows.length, 'face')}, with @azure-rest/ai-vision-face:`,
    ),
  );
  terminal.say('');
  terminal.say(formatTable(terminal, ['Photo', 'Who', 'How sure', 'Left, top, size'], rows));
  terminal.say('');
  terminal.say(
    terminal.fold(
      `A name counts from a confidence of ${DEFAULT_MIN_CONFIDENCE} on: the threshold that Kith keeps for the size of the gallery. Below it, it is a question for a person.`,
    ),
  );
  await writeFile(run.out, await encodePng(await makeContactSheet(tiles)));
  terminal.record({ type: 'picture', file: run.out });
  terminal.say(`The picture: ${terminal.paint('bold', run.out)}`);
  terminal.say(`All of it took ${duration((Date.now() - run.startMs) / 1000)}; nothing else is left behind.`);
  for (const line of NEXT_STEPS) terminal.say(line);
  if (matches === 0) {
    terminal.fail('kith: nobody was recognised, though one person stands in two of the photos.');
    return EXIT.nothingDone;
  }
  return EXIT.done;
}

const NEXT_STEPS = [
  '',
  'Next, with your own photos (a folder for each person):',
  '  npx kith enrol ./people --gallery family',
  '  npx kith identify party.jpg --gallery family --annotate party.png',
  "and as a service for Azure's clients: npm start",
];

function judge({ candidates }: SeenFace) {
  const [best] = candidates;
  if (!best) return { title: 'unknown', detail: 'nobody enrolled', tone: 'unknown' as const };
  const { name, confidence } = best;
  return confidence >= DEFAULT_MIN_CONFIDENCE
    ? { title: name, detail: `match (confidence ${confidenceInWords(confidence)})`, tone: 'match' as const }
    : { title: `${name}?`, detail: `not sure (confidence ${confidenceInWords(confidence)})`, tone: 'review' as const };
}

function markOf(face: SeenFace): FaceMark {
  const { title, detail, tone } = judge(face);
  return { box: face.box, title, tone, ...(tone === 'unknown' ? {} : { detail }) };
}

function captionOf(photoNo: number, faces: readonly SeenFace[]): string {
  const tones = faces.map((face) => judge(face).tone);
  const parts = [
    { tone: 'match', words: 'recognised' },
    { tone: 'review', words: 'to be looked at' },
    { tone: 'unknown', words: 'unknown' },
  ].flatMap(({ tone, words }) => {
    const n = tones.filter((other) => other === tone).length;
    return n > 0 ? [`${n} ${words}`] : [];
  });
  return `Photo ${photoNo}: ${parts.join(', ')}`;
}
