// A line over the last hour: drawn for who sees it, as a table for who doesn't or wants the numbers.
import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components';
import { texts } from './texts.ts';

export interface Series {
  readonly name: string;
  /** Undefined where there is nothing to tell. */
  readonly values: readonly (number | undefined)[];
}

const WIDTH = 600;
const HEIGHT = 140;
/** So that the newest minute is seen whole. */
const EDGE = 6;
const MINUTES = 60;

export function Plot(props: {
  readonly title: string;
  /** ISO 8601, oldest first; the values go with them. */
  readonly times: readonly string[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
}) {
  const { title, series, format } = props;
  const highest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = roundUp(highest);
  const isEmpty = series.every(({ values }) => values.every((value) => value === undefined));
  return (
    <section className="card plot">
      <h3>{title}</h3>
      {isEmpty ? (
        <p className="fine">{texts.health.noValues}</p>
      ) : (
        <>
          <div className="plot-frame">
            <svg
              viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              role="img"
              aria-label={[title, ...series.map((one) => inWords(one, format))].join(': ')}
            >
              <path className="plot-grid" d={`M0 ${HEIGHT / 2}H${WIDTH}M0 1H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}`} />
              {series.map(({ name, values }, i) => (
                <path key={name} className={`plot-line plot-line-${i}`} d={pathOf(values, top)} />
              ))}
            </svg>
            <span className="plot-top" aria-hidden="true">
              {format(top)}
            </span>
          </div>
          <p className="plot-times fine" aria-hidden="true">
            <span>{texts.health.hourAgo}</span>
            <span>{texts.health.now}</span>
          </p>
          <ul className="plot-legend fine">
            {series.map((one, i) => (
              <li key={one.name}>
                <span className={`plot-key plot-key-${i}`} aria-hidden="true" /> {inWords(one, format)}
              </li>
            ))}
          </ul>
        </>
      )}
      {!isEmpty && <AsTable {...props} />}
    </section>
  );
}

function AsTable({ title, times, series, format }: Parameters<typeof Plot>[0]) {
  return (
    <Disclosure className="numbers">
      {({ isExpanded }) => (
        <>
          <Heading level={4}>
            <Button slot="trigger" className="link" aria-label={`${title}: ${texts.health.asTable}`}>
              {texts.health.asTable}
            </Button>
          </Heading>
          <DisclosurePanel>
            {isExpanded && (
              <table className="plot-table">
                <thead>
                  <tr>
                    <th scope="col">{texts.health.time}</th>
                    {series.map(({ name }) => (
                      <th key={name} scope="col">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {times.map((time, i) => (
                    <tr key={time}>
                      <th scope="row">{new Date(time).toLocaleTimeString(undefined, { timeStyle: 'short' })}</th>
                      {series.map(({ name, values }) => (
                        <td key={name}>{values[i] === undefined ? '–' : format(values[i])}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </DisclosurePanel>
        </>
      )}
    </Disclosure>
  );
}

function inWords({ name, values }: Series, format: (value: number) => string): string {
  const known = values.filter((value) => value !== undefined);
  const latest = known.at(-1);
  return latest === undefined ? name : `${name}, ${texts.health.latest(format(latest), format(Math.max(...known)))}`;
}

/** The newest minute is at the right edge; where nothing is known the line breaks off. */
function pathOf(values: readonly (number | undefined)[], top: number): string {
  const step = (WIDTH - 2 * EDGE) / (MINUTES - 1);
  const left = WIDTH - EDGE - (values.length - 1) * step;
  let path = '';
  values.forEach((value, i) => {
    if (value === undefined) return;
    const x = (left + i * step).toFixed(1);
    const y = (HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1);
    // A minute alone between two that tell nothing is a dot
    const isStart = values[i - 1] === undefined;
    path += isStart ? `M${x} ${y}h0.1` : `L${x} ${y}`;
  });
  return path;
}

/** To 1, 2 or 5 times a power of ten: a scale that doesn't jump with every value. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 5, 10].map((step) => step * power);
  return steps.find((step) => step >= value) ?? 10 * power;
}
