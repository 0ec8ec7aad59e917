import { invalidArgument } from '../../core/checks.ts';
import type { Box } from '../../core/types.ts';

/** Azure's `left,top,width,height` in pixels. */
export function readTargetFace(text: string | undefined): Box | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(',').map((part) => (/^\s*-?\d{1,9}\s*$/.test(part) ? Number(part) : Number.NaN));
  const [leftPx, topPx, widthPx, heightPx] = numbers as [number, number, number, number];
  if (numbers.length !== 4 || numbers.some(Number.isNaN)) {
    throw invalidArgument('targetFace', 'malformed', 'The target is not four whole numbers.');
  }
  if (leftPx < 0 || topPx < 0 || widthPx <= 0 || heightPx <= 0) {
    throw invalidArgument('targetFace', 'out-of-range', 'The target is not inside a photo.');
  }
  return { leftPx, topPx, widthPx, heightPx };
}
