import type { Box } from '../../core/types.ts';

export interface LabelSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface LabelledBox {
  readonly box: Box;
  readonly label: LabelSize;
}

/**
 * Where each label goes: beside its own face, inside the picture, over as few faces and other labels as can be.
 * Boxes come in the order of their importance; the first has the first choice.
 */
export function placeLabels(picture: LabelSize, faces: readonly LabelledBox[], gapPx: number): readonly Box[] {
  const placed: Box[] = [];
  for (const face of faces) {
    const others = faces.filter((other) => other !== face).map(({ box }) => box);
    let best: { readonly box: Box; readonly cost: number } | undefined;
    for (const wish of wishes(face, gapPx)) {
      const box = pushInside(wish, picture);
      const cost =
        3 * sum(placed, (label) => overlap(label, box)) +
        2 * sum(others, (other) => overlap(other, box)) +
        overlap(face.box, box);
      if (!best || cost < best.cost) best = { box, cost };
      if (cost === 0) break;
    }
    if (best) placed.push(best.box);
  }
  return placed;
}

/** Places for the label of a face, best first: under it, over it, beside it, then shifted, then on it. */
function wishes({ box, label }: LabelledBox, gapPx: number): readonly Box[] {
  const { widthPx, heightPx } = label;
  const right = box.leftPx + box.widthPx;
  const bottom = box.topPx + box.heightPx;
  const centred = box.leftPx + (box.widthPx - widthPx) / 2;
  const columns = [centred, box.leftPx, right - widthPx];
  const below = bottom + gapPx;
  const above = box.topPx - gapPx - heightPx;
  const middle = box.topPx + (box.heightPx - heightPx) / 2;
  const at = (leftPx: number, topPx: number): Box => ({ leftPx, topPx, widthPx, heightPx });
  return [
    ...columns.map((left) => at(left, below)),
    ...columns.map((left) => at(left, above)),
    ...[middle, box.topPx, bottom - heightPx].flatMap((top) => [
      at(right + gapPx, top),
      at(box.leftPx - gapPx - widthPx, top),
    ]),
    ...columns.map((left) => at(left, below + heightPx + gapPx)),
    ...columns.map((left) => at(left, above - heightPx - gapPx)),
    at(centred, bottom - heightPx),
  ];
}

function pushInside(box: Box, picture: LabelSize): Box {
  return {
    ...box,
    leftPx: Math.max(0, Math.min(box.leftPx, picture.widthPx - box.widthPx)),
    topPx: Math.max(0, Math.min(box.topPx, picture.heightPx - box.heightPx)),
  };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.leftPx + a.widthPx, b.leftPx + b.widthPx) - Math.max(a.leftPx, b.leftPx);
  const height = Math.min(a.topPx + a.heightPx, b.topPx + b.heightPx) - Math.max(a.topPx, b.topPx);
  return width > 0 && height > 0 ? width * height : 0;
}

function sum<T>(items: readonly T[], amountOf: (item: T) => number): number {
  return items.reduce((total, item) => total + amountOf(item), 0);
}
