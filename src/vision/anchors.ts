/** Anchors of the detector (Ultra-Light RFB layout), in network pixels: strides and sides a level. */
const LEVELS = [
  { stride: 8, sidesPx: [10, 16, 24], trainedRows: 30 },
  { stride: 16, sidesPx: [32, 48], trainedRows: 15 },
  { stride: 32, sidesPx: [64, 96], trainedRows: 8 },
  { stride: 64, sidesPx: [128, 192, 256], trainedRows: 4 },
] as const;

/**
 * The network was trained on pictures 240 high. Two strides do not divide that, and its makers spread the rows of
 * anchors evenly, a little denser than the rows of the network. It learned to make up for the gap: near the top, which
 * it knows by the padding, for what the gap is there, elsewhere for its mean. Without the correction faces of 64 to 130
 * pixels are boxed a tenth too low (measured on faces moved up and down a canvas; with it within 2 % of their height).
 */
const TRAINED_HEIGHT_PX = 240;
const MEAN_GAP_PX = 8;

/** Regressions are in units of these (centre, size). */
const CENTRE_VARIANCE = 0.1;
const SIZE_VARIANCE = 0.2;

export interface NetworkBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly score: number;
}

export interface DetectorOutput {
  /** Two an anchor: background, face. */
  readonly scores: Float32Array;
  /** Four an anchor. */
  readonly regressions: Float32Array;
}

/** Boxes, in network pixels, of all anchors that score at least `minScore`, for an input of the given size. */
export function decodeAnchors(
  output: DetectorOutput,
  input: { readonly widthPx: number; readonly heightPx: number },
  minScore: number,
): NetworkBox[] {
  const { scores, regressions } = output;
  const boxes: NetworkBox[] = [];
  let anchor = 0;
  for (const { stride, sidesPx, trainedRows } of LEVELS) {
    // The stride is made of convolutions that round up
    const columns = Math.ceil(input.widthPx / stride);
    const rows = Math.ceil(input.heightPx / stride);
    const gapPx = stride - TRAINED_HEIGHT_PX / trainedRows;
    const maxShiftPx = input.heightPx === TRAINED_HEIGHT_PX ? Number.POSITIVE_INFINITY : MEAN_GAP_PX;
    for (let row = 0; row < rows; row++) {
      const anchorY = (row + 0.5) * stride - Math.min(maxShiftPx, (row + 0.5) * gapPx);
      for (let column = 0; column < columns; column++) {
        for (const side of sidesPx) {
          const score = scores[2 * anchor + 1] as number;
          if (score >= minScore) {
            const at = 4 * anchor;
            const height = Math.min(side, TRAINED_HEIGHT_PX);
            const centreX = (column + 0.5) * stride + (regressions[at] as number) * CENTRE_VARIANCE * side;
            const centreY = anchorY + (regressions[at + 1] as number) * CENTRE_VARIANCE * height;
            const halfWidth = (Math.exp((regressions[at + 2] as number) * SIZE_VARIANCE) * side) / 2;
            const halfHeight = (Math.exp((regressions[at + 3] as number) * SIZE_VARIANCE) * height) / 2;
            boxes.push({
              left: centreX - halfWidth,
              top: centreY - halfHeight,
              right: centreX + halfWidth,
              bottom: centreY + halfHeight,
              score,
            });
          }
          anchor++;
        }
      }
    }
  }
  if (anchor * 2 !== scores.length) throw new Error(`${scores.length / 2} anchors came back, ${anchor} were expected`);
  return boxes;
}
