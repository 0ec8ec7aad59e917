// Curves of error rates as SVG: both axes logarithmic, as such curves are drawn (Martin et al., Eurospeech 1997, drew
// them on normal deviates; decades are easier to read for everybody else).

export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Rates, 0..1; those that are 0 can't be shown on a logarithmic axis and are left out. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Lowest rates shown, powers of ten. */
  readonly xFloor: number;
  readonly yFloor: number;
}

const WIDTH = 460;
const HEIGHT = 330;
const LEFT = 62;
const RIGHT = 26;
const TOP = 30;
const BOTTOM = 46;

/** Labels must need no escaping: they are Kith's own words. */
export function ratePlot({ title, xLabel, yLabel, points, xFloor, yFloor }: PlotOptions): string {
  const x = (rate: number): number => LEFT + position(rate, xFloor) * (WIDTH - LEFT - RIGHT);
  const y = (rate: number): number => HEIGHT - BOTTOM - position(rate, yFloor) * (HEIGHT - TOP - BOTTOM);
  const shown = points
    .filter((point) => point.x >= xFloor && point.y >= yFloor)
    .sort((a, b) => a.x - b.x || b.y - a.y)
    .map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`);
  const columns = decades(xFloor).map(
    (rate) =>
      `<line class="grid" x1="${x(rate)}" y1="${TOP}" x2="${x(rate)}" y2="${HEIGHT - BOTTOM}"/>` +
      `<text x="${x(rate)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${rateText(rate)}</text>`,
  );
  const rows = decades(yFloor).map(
    (rate) =>
      `<line class="grid" x1="${LEFT}" y1="${y(rate)}" x2="${WIDTH - RIGHT}" y2="${y(rate)}"/>` +
      `<text x="${LEFT - 6}" y="${y(rate) + 4}" text-anchor="end">${rateText(rate)}</text>`,
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<text class="title" x="${LEFT}" y="18">${title}</text>`,
    ...columns,
    ...rows,
    `<polyline class="curve" points="${shown.join(' ')}"/>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${xLabel}</text>`,
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>`,
    '</svg>',
  ].join('\n');
}

/** 0 at the floor, 1 at a rate of 1. */
function position(rate: number, floor: number): number {
  return 1 - Math.log10(rate) / Math.log10(floor);
}

function decades(floor: number): readonly number[] {
  const count = Math.round(-Math.log10(floor));
  return Array.from({ length: count + 1 }, (_, i) => 10 ** -i);
}

/** 0.03 → "3 %", 0.00001 → "1 in 100K". */
export function rateText(rate: number): string {
  if (rate >= 0.001) return `${Number((rate * 100).toPrecision(3))} %`;
  return `1 in ${Math.round(1 / rate).toLocaleString('en', { notation: 'compact' })}`;
}
