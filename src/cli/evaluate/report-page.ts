// The evaluation as one page that needs nothing else: no script, no request, pictures only where they were asked for.
import type { Evaluation } from '../../core/evaluation/evaluate-faces.ts';
import type { ScoredPair } from '../../core/evaluation/face-comparisons.ts';
import type { LabelledFace } from '../../core/evaluation/labelled-face.ts';
import type { Interval } from '../../core/statistics/proportion-interval.ts';
import type { ModelPack } from '../../core/types.ts';
import { count } from '../words.ts';
import { ratePlot, rateText } from './plot.ts';
import type { PhotoRefusal } from './read-faces.ts';
import { REPORT_STYLE } from './report-style.ts';

export interface ReportContent {
  readonly folder: string;
  readonly createdAt: string;
  readonly pack: ModelPack;
  readonly faces: readonly LabelledFace[];
  readonly photos: number;
  readonly refusals: readonly PhotoRefusal[];
  readonly evaluation: Evaluation;
  /** `data:` address of a face, by number, and of a refused photo, by file; absent without pictures. */
  readonly faceThumbnail: (face: number) => string | undefined;
  readonly photoThumbnail: (file: string) => string | undefined;
}

const SHOWN_REFUSALS = 60;
const TITLE = '<title>Kith evaluation of ';

/** By the beginning of a file. */
export function isReportPage(head: string): boolean {
  return head.startsWith('<!doctype html>') && head.includes(TITLE);
}

export function reportPage(content: ReportContent): string {
  const { folder, createdAt, pack, evaluation } = content;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
${TITLE}${escapeHtml(folder)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>How well Kith tells these people apart</h1>
<p class="meta">${escapeHtml(folder)}, ${escapeHtml(createdAt)}. Model pack <b>${escapeHtml(pack.packId)}</b> ${escapeHtml(pack.version)}:
${escapeHtml(pack.description)}. This page names people: keep it as you keep the photos.</p>
${adviceSection(evaluation)}
${sizesSection(evaluation)}
${identificationSection(evaluation)}
${calibrationSection(evaluation)}
${groupsSection(evaluation)}
${verificationSection(evaluation)}
${pairsSection(content)}
${refusalsSection(content)}
${methodSection(content)}
</body>
</html>
`;
}

function adviceSection({ recommended, identification }: Evaluation): string {
  const { targetFpir, rule, enrolled, strangers, strangerInterval, strangersBelow } = recommended;
  const inThousand = (share: number): string => Math.round(share * 1000).toLocaleString('en');
  const shown =
    strangersBelow === undefined
      ? `${inThousand(strangers.match)} (95 % interval ${inThousand(strangerInterval.lower)} to ${inThousand(strangerInterval.upper)})`
      : `none of those tried, which shows that it is fewer than ${inThousand(strangersBelow)} (rule of three)`;
  return `<h2>Recommended: <code>targetFpir</code> ${targetFpir}</h2>
<p>The strictest rate that costs hardly more of your own people than the laxest one. In a gallery of
${count(identification.galleryPersons, 'person', 'people')} like these it means a threshold of ${rule.thresholdScore.toFixed(3)}, and in people:</p>
<div class="outcomes">
<h3>1,000 photos of people who are enrolled</h3>
${outcomeBar([
  ['right', enrolled.match],
  ['ask', enrolled.review],
  ['nobody', enrolled.unknown],
  ['wrong', enrolled.wrongPerson],
])}
${legend([
  ['right', `${inThousand(enrolled.match)} get the right name`],
  ['ask', `${inThousand(enrolled.review)} are put to a colleague as a question`],
  ['nobody', `${inThousand(enrolled.unknown)} are not found`],
  ['wrong', `${inThousand(enrolled.wrongPerson)} get a wrong name`],
])}
<h3>1,000 photos of strangers</h3>
${outcomeBar([
  ['right', strangers.unknown],
  ['ask', strangers.review],
  ['wrong', strangers.match],
])}
${legend([
  ['right', `${inThousand(strangers.unknown)} stay strangers`],
  ['ask', `${inThousand(strangers.review)} are put to a colleague`],
  ['wrong', `${shown} get a name`],
])}
</div>`;
}

type OutcomeClass = 'right' | 'ask' | 'nobody' | 'wrong';

/** Shares side by side in one bar; the sentence below says them in figures. */
function outcomeBar(shares: readonly (readonly [OutcomeClass, number])[]): string {
  const parts = shares.map(([name, value]) => `<i class="${name}" style="width:${(100 * value).toFixed(2)}%"></i>`);
  return `<div class="bar" aria-hidden="true">${parts.join('')}</div>`;
}

function legend(entries: readonly (readonly [OutcomeClass, string])[]): string {
  const items = entries.map(([name, text]) => `<li><i class="swatch ${name}" aria-hidden="true"></i>${text}</li>`);
  return `<ul class="legend">${items.join('')}</ul>`;
}

function sizesSection({ sizes, recommended, identification }: Evaluation): string {
  const rows = sizes.map(({ persons, threshold, fnir, isExtrapolated }) => [
    persons.toLocaleString('en'),
    threshold.toFixed(3),
    share(fnir),
    isExtrapolated ? 'extrapolated: none so large was tested' : 'tested',
  ]);
  return `<h2>Larger galleries</h2>
<p>The threshold rises with the number of people, so that strangers are shown a name as rarely (here
${recommended.targetFpir}); more of your own people fall below it. Tested with up to ${identification.galleryPersons.toLocaleString('en')} people.</p>
${table(['People', 'Threshold', 'Own people missed', 'Basis'], rows)}`;
}

function identificationSection({ identification }: Evaluation): string {
  const { atFpir, curve, galleryPersons, trials, matedSearches, matedPersons, strangers, rankOneMissRate } =
    identification;
  const rows = atFpir.map(({ fpir, threshold, fnir, fnirInterval }) => [
    share(fpir),
    threshold.toFixed(3),
    fnir === 0 ? `none seen: below ${share(Math.min(1, 3 / matedPersons))}` : share(fnir),
    interval(fnirInterval),
  ]);
  return `<h2>Searching a gallery (1:N, open set)</h2>
<p>${count(trials, 'random gallery', 'random galleries')} of ${galleryPersons.toLocaleString('en')} people; the others are strangers.
${matedSearches.toLocaleString('en')} searches for ${matedPersons.toLocaleString('en')} enrolled people, with ${strangers.toLocaleString('en')} people as strangers.
Without any threshold, ${share(rankOneMissRate)} of the searches don't put the right person first.</p>
<div class="pair">
${table(['Strangers named (FPIR)', 'Threshold', 'Own people missed (FNIR)', '95 % interval'], rows)}
<figure>${ratePlot({
    title: 'Missed people against named strangers',
    xLabel: 'strangers shown a name (FPIR)',
    yLabel: 'own people missed (FNIR)',
    points: curve.map(({ fpir, fnir }) => ({ x: fpir, y: fnir })),
    xFloor: 1e-3,
    yFloor: 1e-3,
  })}</figure>
</div>`;
}

function calibrationSection({ calibration }: Evaluation): string {
  if (calibration.length === 0) return '';
  const rows = calibration.map((check) => [
    check.persons.toLocaleString('en'),
    share(check.targetFpir),
    share(check.measuredFpir),
    interval(check.measuredInterval),
    interval(check.statedInterval),
    check.measuredFpir >= check.statedInterval.lower && check.measuredFpir <= check.statedInterval.upper
      ? 'yes'
      : '<b class="no">no</b>',
  ]);
  return `<h2>Does Kith keep its promise?</h2>
<p>Galleries of one photo a person fit their own tail, as the service does; strangers held out of them are counted at the
threshold that the gallery chose for itself.</p>
${table(['People', 'Promised', 'Met', '95 % interval', 'Stated interval (90 %)', 'Within'], rows)}`;
}

function groupsSection({ groups, recommended }: Evaluation): string {
  if (groups.length === 0) return '';
  const rows = groups.map((group) => [
    escapeHtml(group.group),
    String(group.persons),
    share(group.fnir),
    interval(group.fnirInterval),
    share(group.fpir),
    interval(group.fpirInterval),
  ]);
  return `<h2>By group</h2>
<p>The groups are those of your spreadsheet; Kith infers none. All at the recommended threshold
(<code>targetFpir</code> ${recommended.targetFpir}). Intervals that overlap say that no difference is shown, not that there is none.</p>
${table(['Group', 'People', 'Missed (FNIR)', '95 % interval', 'Strangers named (FPIR)', '95 % interval'], rows)}`;
}

function verificationSection({ verification }: Evaluation): string {
  const { genuinePairs, impostorPairs, equalErrorRate, atFalseMatchRate, curve } = verification;
  const rows = atFalseMatchRate.map(({ wantedRate, threshold, falseNonMatchRate }) => [
    rateText(wantedRate),
    threshold.toFixed(3),
    falseNonMatchRate === 0 ? `none seen: below ${share(Math.min(1, 3 / genuinePairs))}` : share(falseNonMatchRate),
  ]);
  return `<h2>Comparing two photos (1:1)</h2>
<p>${genuinePairs.toLocaleString('en')} pairs of one person, ${impostorPairs.toLocaleString('en')} of two. Equal error rate ${share(equalErrorRate)}.</p>
<div class="pair">
${table(['False matches (FMR)', 'Threshold', 'False non-matches (FNMR)'], rows)}
<figure>${ratePlot({
    title: 'Detection error trade-off',
    xLabel: 'false match rate',
    yLabel: 'false non-match rate',
    points: curve.map(({ falseMatchRate, falseNonMatchRate }) => ({ x: falseMatchRate, y: falseNonMatchRate })),
    xFloor: 1e-6,
    yFloor: 1e-3,
  })}</figure>
</div>`;
}

function pairsSection(content: ReportContent): string {
  const { worstImpostor, worstGenuine } = content.evaluation.verification;
  return `<h2>Most alike of two people</h2>
<p>Look here first: one person under two names shows up here and spoils every other figure.</p>
${pairCards(content, worstImpostor)}
<h2>Least alike of one person</h2>
<p>Photos of somebody else in a person's folder, and photos that nobody could recognise them by.</p>
${pairCards(content, worstGenuine)}`;
}

/** Both faces side by side, so that an eye can judge. */
function pairCards({ faces, faceThumbnail }: ReportContent, pairs: readonly ScoredPair[]): string {
  const side = (face: number): string => {
    const { personName, file } = faces[face] as LabelledFace;
    return `<div>${picture(faceThumbnail(face))}<span>${breakable(personName)}</span><small>${breakable(file)}</small></div>`;
  };
  const cards = pairs.map(
    ({ faces: [a, b], score }) => `<li><b>${score.toFixed(3)}</b><div class="two">${side(a)}${side(b)}</div></li>`,
  );
  return `<ol class="cards">${cards.join('\n')}</ol>`;
}

function refusalsSection({ refusals, photos, photoThumbnail }: ReportContent): string {
  if (refusals.length === 0) return `<h2>Failures to enrol</h2><p>None of ${count(photos, 'photo')}.</p>`;
  const cards = refusals
    .slice(0, SHOWN_REFUSALS)
    .map(
      ({ file, person, message }) =>
        `<li>${picture(photoThumbnail(file))}<span>${breakable(person)}</span><small>${breakable(file)}</small><p>${escapeHtml(message)}</p></li>`,
    );
  const more = refusals.length > SHOWN_REFUSALS ? `<p>And ${refusals.length - SHOWN_REFUSALS} more.</p>` : '';
  return `<h2>Failures to enrol</h2>
<p>${refusals.length.toLocaleString('en')} of ${count(photos, 'photo')} (${share(refusals.length / photos)}) would be refused at enrolment.</p>
<ol class="cards">${cards.join('\n')}</ol>${more}`;
}

function methodSection({ pack, evaluation }: ReportContent): string {
  const { identification } = evaluation;
  return `<h2>How it was measured</h2>
<p>In each of ${identification.trials} draws ${identification.galleryPersons.toLocaleString('en')} of ${evaluation.persons.toLocaleString('en')} people are enrolled and the others held out as
strangers; of an enrolled person with several photos one is kept back and searched with. Scores of several photos are
joined as the service joins them. Intervals of 1:N figures are percentile bootstraps over people, with the threshold chosen
anew in each; where no error was seen, the rule of three says what that proves. Figures hold for photos and people like
these, and for no others. Weights: ${escapeHtml(pack.weightsLicence)}. Training data: ${escapeHtml(pack.trainingData)}
Shipped calibration: ${escapeHtml(pack.calibration.measuredOn)}.</p>`;
}

/** A column whose cells are figures stands to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isFigures = head.map((_, column) => rows.every((row) => /^\d/.test(row[column] ?? '')));
  const cells = (tag: 'th' | 'td', row: readonly string[]): string =>
    `<tr>${row.map((cell, column) => `<${tag}${isFigures[column] ? ' class="figure"' : ''}>${cell}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll"><table><thead>${cells('th', head)}</thead>\n<tbody>${rows.map((row) => cells('td', row)).join('\n')}</tbody></table></div>`;
}

function picture(dataUri: string | undefined): string {
  return dataUri === undefined ? '' : `<img src="${dataUri}" alt="" width="96" height="96">`;
}

/** A share in per cent, to two digits. */
export function share(value: number): string {
  if (value === 0) return '0 %';
  return `${Number((value * 100).toPrecision(2))} %`;
}

export function interval({ lower, upper }: Interval): string {
  return `${share(lower)} to ${share(upper)}`;
}

/** Escaped; breaks after what joins words in names of files. */
function breakable(text: string): string {
  return escapeHtml(text).replace(/[_/]/g, '$&<wbr>');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
