import type { Outcome } from './measure.ts';

export interface Measured {
  readonly engine: string;
  readonly n: number;
  readonly dims: number;
  readonly outcome: Outcome;
}

export interface Row {
  readonly engine: string;
  readonly n: number;
  readonly dims: number;
  readonly loadS: number;
  readonly bytesPerTemplate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly qps: number;
  readonly recallAt1: number;
  readonly recallAt10: number;
}

export function rowsOf(measured: readonly Measured[]): Row[] {
  return measured.flatMap(({ engine, n, dims, outcome }) => {
    if (!('figures' in outcome)) return [];
    const { loadS, bytesPerTemplate, p50Ms, p99Ms, qps, recallAt1, recallAt10 } = outcome.figures;
    const rounded = { loadS, bytesPerTemplate, p50Ms, p99Ms, qps, recallAt1, recallAt10 };
    const figures = Object.fromEntries(
      Object.entries(rounded).map(([name, value]) => [name, Number(value.toPrecision(5))]),
    ) as typeof rounded;
    return [{ engine, n, dims, ...figures }];
  });
}

/** A Markdown table, one line an engine and size. */
export function tableOf(measured: readonly Measured[]): string {
  const lines = measured.map(({ engine, n, outcome }) => {
    const name = `${engine} | ${shortCount(n)}`;
    if (!('figures' in outcome)) return `| ${name} | ${outcome.refused} | | | | | | |`;
    const { loadS, bytesPerTemplate, p50Ms, p99Ms, qps, recallAt1, recallAt10 } = outcome.figures;
    const cells = [
      loadS.toFixed(1),
      Math.round(bytesPerTemplate),
      significant(p50Ms),
      significant(p99Ms),
      significant(qps),
      `${(100 * recallAt1).toFixed(2)} %`,
      `${(100 * recallAt10).toFixed(2)} %`,
    ];
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return [
    '| engine | templates | load, s | bytes a template | p50, ms | p99, ms | searches/s | recall@1 | recall@10 |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...lines,
  ].join('\n');
}

export function filterTableOf(measured: readonly Measured[]): string {
  const lines = measured.flatMap(({ engine, n, outcome }) => {
    if (!('figures' in outcome) || !outcome.figures.filters) return [];
    const cells = outcome.figures.filters.map(({ p50Ms }) => significant(p50Ms));
    return [`| ${engine} | ${shortCount(n)} | ${cells.join(' | ')} |`];
  });
  return [
    '| engine | templates | 0.01 % allowed, ms | 1 % | 10 % | 50 % |',
    '|---|--:|--:|--:|--:|--:|',
    ...lines,
  ].join('\n');
}

export function shortCount(n: number): string {
  if (n >= 1e6) return `${n / 1e6}M`;
  return n >= 1000 ? `${n / 1000}k` : String(n);
}

export function significant(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toPrecision(2);
}

// ── The plot ────────────────────────────────────────────────────────────────

const WIDTH = 760;
const HEIGHT = 440;
const MARGIN = { left: 64, right: 160, top: 34, bottom: 48 };
const COLOURS: Readonly<Record<string, string>> = { kith: '#d6336c', 'kith-exact': '#e8890c' };
const OTHERS = ['#1c7ed6', '#2f9e44', '#7048e8', '#0c8599', '#868e96', '#5c4033'];

/** Median time of a search over gallery size, both axes logarithmic, as an SVG picture. */
export function plotOf(measured: readonly Measured[], heading: string): string {
  const rows = rowsOf(measured);
  const engines = [...new Set(rows.map(({ engine }) => engine))];
  const decades = (values: readonly number[]): [number, number] => [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ];
  const [x0, x1] = decades(rows.map(({ n }) => n));
  const [y0, y1] = decades(rows.map(({ p50Ms }) => p50Ms));
  const x = (n: number): number =>
    MARGIN.left + ((Math.log10(n) - x0) / Math.max(1, x1 - x0)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (ms: number): number =>
    HEIGHT - MARGIN.bottom - ((Math.log10(ms) - y0) / Math.max(1, y1 - y0)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const parts: string[] = [];
  for (let decade = x0; decade <= x1; decade++) {
    const at = x(10 ** decade);
    parts.push(`<line x1="${at}" x2="${at}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#dee2e6"/>`);
    parts.push(text(at, HEIGHT - MARGIN.bottom + 18, shortCount(10 ** decade), 'middle'));
  }
  for (let decade = y0; decade <= y1; decade++) {
    const at = y(10 ** decade);
    parts.push(`<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#dee2e6"/>`);
    parts.push(text(MARGIN.left - 8, at + 4, `${10 ** decade} ms`, 'end'));
  }
  // Names beside the last points, moved apart where they would overlap
  const labels = engines
    .map((engine) => ({ engine, points: rows.filter((row) => row.engine === engine).sort((a, b) => a.n - b.n) }))
    .map(({ engine, points }, i) => ({
      engine,
      points,
      colour: COLOURS[engine] ?? OTHERS[i % OTHERS.length] ?? '#000',
    }))
    .sort((a, b) => y(a.points.at(-1)?.p50Ms ?? 1) - y(b.points.at(-1)?.p50Ms ?? 1));
  let lastLabelY = 0;
  for (const { engine, points, colour } of labels) {
    const path = points.map(({ n, p50Ms }) => `${x(n).toFixed(1)},${y(p50Ms).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const { n, p50Ms } of points) parts.push(`<circle cx="${x(n)}" cy="${y(p50Ms)}" r="3.5" fill="${colour}"/>`);
    const last = points.at(-1);
    if (!last) continue;
    lastLabelY = Math.max(lastLabelY + 15, y(last.p50Ms) + 4);
    parts.push(text(x(last.n) + 9, lastLabelY, engine, 'start', colour));
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(MARGIN.left, 20, heading, 'start'),
    ...parts,
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, 'templates', 'middle'),
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', colour = '#343a40'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}
