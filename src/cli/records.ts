// Shapes of --json that several commands share; the same members as in the answers of the service.
import type { Box, Quality } from '../core/types.ts';

export function boxRecord({ leftPx, topPx, widthPx, heightPx }: Box): Box {
  const round = (px: number) => Math.round(px * 10) / 10;
  return { leftPx: round(leftPx), topPx: round(topPx), widthPx: round(widthPx), heightPx: round(heightPx) };
}

export function qualityRecord(quality: Quality | undefined): Quality | undefined {
  return quality && { level: quality.level, reasons: quality.reasons };
}
