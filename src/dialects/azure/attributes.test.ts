import { describe, expect, test } from 'vitest';
import type { FaceMeasurements } from '../../core/types.ts';
import { type AttributeName, azureAttributes } from './attributes.ts';

const plain: FaceMeasurements = {
  pose: { pitchDeg: -3.12, rollDeg: 12.96, yawDeg: 0 },
  blur: 0,
  exposure: 0.5,
  noise: 0,
  foreheadOccluded: 0,
  eyesOccluded: 0,
  mouthOccluded: 0,
  glasses: 0,
  sunglasses: 0,
  mask: 0,
  templateLength: 3.6,
};

function attribute(name: AttributeName, changed: Partial<FaceMeasurements> = {}) {
  const face = { measurements: { ...plain, ...changed }, quality: { level: 'high', reasons: [] } } as const;
  return azureAttributes(face, [name])[name];
}

describe('bands', () => {
  test.each([
    [0.249, 'low'],
    [0.25, 'medium'],
    [0.749, 'medium'],
    [0.75, 'high'],
  ])('a blur of %d is %s', (blur, blurLevel) => {
    expect(attribute('blur', { blur })).toMatchObject({ blurLevel });
  });

  test.each([
    [0.249, 'underExposure'],
    [0.25, 'goodExposure'],
    [0.749, 'goodExposure'],
    [0.75, 'overExposure'],
  ])('an exposure of %d is %s', (exposure, exposureLevel) => {
    expect(attribute('exposure', { exposure })).toMatchObject({ exposureLevel });
  });

  test.each([
    [0.299, 'low'],
    [0.3, 'medium'],
    [0.699, 'medium'],
    [0.7, 'high'],
  ])('a noise of %d is %s', (noise, noiseLevel) => {
    expect(attribute('noise', { noise })).toMatchObject({ noiseLevel });
  });
});

test('glasses are dark, clear or none, and accessories say how surely', () => {
  expect(attribute('glasses')).toBe('noGlasses');
  expect(attribute('glasses', { glasses: 0.8 })).toBe('readingGlasses');
  expect(attribute('glasses', { glasses: 0.9, sunglasses: 0.7 })).toBe('sunglasses');
  expect(attribute('accessories')).toEqual([]);
  expect(attribute('accessories', { glasses: 0.812, mask: 0.6 })).toEqual([
    { type: 'glasses', confidence: 0.81 },
    { type: 'mask', confidence: 0.6 },
  ]);
});

test('a covered mouth is a mask, or something else', () => {
  expect(attribute('mask')).toEqual({ type: 'noMask', noseAndMouthCovered: false });
  expect(attribute('mask', { mouthOccluded: 0.9 })).toMatchObject({ type: 'otherMaskOrOcclusion' });
  expect(attribute('mask', { mask: 0.9, mouthOccluded: 0.9 })).toEqual({ type: 'faceMask', noseAndMouthCovered: true });
});

test('angles have one decimal', () => {
  expect(attribute('headPose')).toEqual({ pitch: -3.1, roll: 13, yaw: 0 });
});
