import { Button, Disclosure, DisclosurePanel, Heading } from 'react-aria-components';
import { texts } from './texts.ts';

/** Pairs of a word and a number, shown when asked for. */
export function Numbers({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <Disclosure className="numbers">
      <Heading level={3}>
        <Button slot="trigger" className="link">
          {texts.identify.numbers}
        </Button>
      </Heading>
      <DisclosurePanel>
        <dl className="facts">
          {rows.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </DisclosurePanel>
    </Disclosure>
  );
}

/** 0..1 → "1 in 12,000", to two digits. */
export function oneIn(share: number): string {
  if (share >= 0.5) return 'more than 1 in 2';
  if (share < 1e-6) return 'fewer than 1 in 1,000,000';
  return `1 in ${Number((1 / share).toPrecision(2)).toLocaleString('en')}`;
}
