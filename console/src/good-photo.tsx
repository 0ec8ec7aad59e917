// What a good photo looks like, drawn: with a mark at what the photo at hand lacks.
import { ApiError } from './api.ts';
import { texts } from './texts.ts';

const MARKS = ['size', 'light', 'sharp', 'front', 'eyes', 'mouth', 'alone'] as const;
export type Mark = (typeof MARKS)[number];

const MARKS_OF_REASON: Readonly<Record<string, readonly Mark[]>> = {
  'too-small': ['size'],
  blurred: ['sharp'],
  'too-dark': ['light'],
  'too-bright': ['light'],
  'turned-away': ['front'],
  'eyes-covered': ['eyes'],
  'mouth-covered': ['mouth'],
  indistinct: ['sharp', 'light'],
};

/** Undefined when it was not the photo that was refused. */
export function marksFor(error: unknown): readonly Mark[] | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.code === 'image-no-face') return ['size', 'light', 'front'];
  if (error.code === 'image-several-faces') return ['alone'];
  if (error.code === 'image-low-quality') {
    const wanted = new Set(error.reasons.flatMap((reason) => MARKS_OF_REASON[reason] ?? []));
    return MARKS.filter((mark) => wanted.has(mark));
  }
  const isFile = error.code.startsWith('image-') || error.code === 'media-type' || error.code === 'body-too-large';
  return isFile ? [] : undefined;
}

export function GoodPhoto({ marks }: { readonly marks: readonly Mark[] }) {
  return (
    <figure className="good-photo">
      <svg viewBox="0 0 120 120" role="img" aria-label={texts.goodPhoto.title}>
        <rect className="good-wall" x="1" y="1" width="118" height="118" rx="10" />
        <g className="good-person">
          <path d="M18 119c2-22 18-30 42-30s40 8 42 30z" />
          <path d="M50 78v14q10 9 20 0V78" />
          <ellipse cx="35" cy="54" rx="4" ry="8" />
          <ellipse cx="85" cy="54" rx="4" ry="8" />
          <ellipse cx="60" cy="52" rx="25" ry="32" />
          <path
            className="good-hair"
            d="M35 50c-3-24 10-34 25-34s28 10 25 34c-3-12-8-18-14-20-9 5-22 5-28 2-4 4-7 10-8 18z"
          />
          <path d="M43 43q6-4 12 0M65 43q6-4 12 0M60 52l-3 10h6M50 71q10 8 20 0" />
          <circle className="good-eye" cx="49" cy="50" r="2.6" />
          <circle className="good-eye" cx="71" cy="50" r="2.6" />
        </g>
        {marks.map((mark) => (
          <g key={mark} className="good-mark">
            {DRAWN[mark]}
          </g>
        ))}
      </svg>
      <figcaption>
        {marks.length === 0
          ? texts.goodPhoto.title
          : texts.goodPhoto.good(marks.map((mark) => texts.goodPhoto[mark]).join('; '))}
      </figcaption>
    </figure>
  );
}

const DRAWN: Readonly<Record<Mark, React.ReactNode>> = {
  size: <path d="M101 20v64M96 26l5-6 5 6M96 78l5 6 5-6" />,
  light: (
    <>
      <circle cx="17" cy="18" r="6" />
      <path d="M17 6V3M17 33v-3M5 18H2M32 18h-3M8.500 9.500l-2-2M27.500 28.500l-2-2M8.500 26.500l-2 2M27.500 7.500l-2 2" />
    </>
  ),
  sharp: <path d="M28 26v-12h12M92 26v-12h-12M28 80v12h12M92 80v12h-12" />,
  front: <path d="M60 10v82M30 50h60" strokeDasharray="4 4" />,
  eyes: (
    <>
      <circle cx="49" cy="50" r="9" />
      <circle cx="71" cy="50" r="9" />
    </>
  ),
  mouth: <ellipse cx="60" cy="72" rx="16" ry="9" />,
  alone: (
    <>
      <path d="M4 100c0-12 6-16 12-17M116 100c0-12-6-16-12-17" strokeDasharray="4 4" />
      <ellipse cx="13" cy="68" rx="9" ry="12" strokeDasharray="4 4" />
      <ellipse cx="107" cy="68" rx="9" ry="12" strokeDasharray="4 4" />
      <path d="M5 60l16 16M21 60L5 76M99 60l16 16M115 60L99 76" />
    </>
  ),
};
