// Photos that were not taken: each with why, what would fix it, and a good one beside it.
import { ApiError } from './api.ts';
import { describeError } from './describe-error.ts';
import { GoodPhoto, marksFor } from './good-photo.tsx';
import { texts } from './texts.ts';

export interface Refusal {
  readonly id: string | number;
  /** Of the file, with the person's where photos of several are added. */
  readonly name: string;
  readonly error: unknown;
}

/** Of a folder without end, the latest are shown. */
const SHOWN = 200;

export function Refusals({ refused }: { readonly refused: readonly Refusal[] }) {
  return (
    <>
      {refused.length > SHOWN && <p className="fine">{texts.add.latest(SHOWN, refused.length)}</p>}
      <ul className="refusals">
        {refused.slice(-SHOWN).map(({ id, name, error }) => {
          const marks = marksFor(error);
          return (
            <li key={id}>
              <div>
                <bdi className="file-name">{name}</bdi>
                <p>{whyRefused(error)}</p>
              </div>
              {marks && <GoodPhoto marks={marks} />}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** In words, with what would help. */
export function whyRefused(error: unknown): string {
  if (error instanceof ApiError && error.code === 'image-low-quality' && error.reasons.length > 0) {
    return texts.add.lowQuality(error.reasons.map((reason) => texts.quality[reason] ?? reason).join('; '));
  }
  return describeError(error);
}
