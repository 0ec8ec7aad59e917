import { describe, expect, test } from 'vitest';
import { INSIDE, ODD_SPELLINGS } from '../../tests/support/inside-addresses.ts';
import { isPublicAddress } from './public-address.ts';

describe('addresses of the inside are refused', () => {
  test.each(INSIDE)('%s (%s)', (_what, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('odd spellings are refused, whatever they spell', () => {
  test.each(ODD_SPELLINGS)('"%s"', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

test.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.255.255', '2606:4700:4700::1111'])(
  '%s is out in the world',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);
