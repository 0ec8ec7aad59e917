import type { Box } from './wire.ts';

/** In per cent of the picture, whatever its size on the screen. Set by script: the page's policy allows no inline style. */
export function placeOver(
  element: HTMLElement | null,
  { leftPx, topPx, widthPx, heightPx }: Box,
  of: { readonly widthPx: number; readonly heightPx: number },
): void {
  if (!element) return;
  element.style.left = `${(100 * leftPx) / of.widthPx}%`;
  element.style.top = `${(100 * topPx) / of.heightPx}%`;
  element.style.width = `${(100 * widthPx) / of.widthPx}%`;
  element.style.height = `${(100 * heightPx) / of.heightPx}%`;
}
