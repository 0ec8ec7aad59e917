import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BuddyAllocator } from './buddy-allocator.ts';

test('blocks never overlap, and all of it comes back in one piece', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(6), fc.nat(100)), { maxLength: 200 }), (steps) => {
      const total = 1 << 20;
      const allocator = new BuddyAllocator(total, 1 << 12);
      const held: { readonly address: number; readonly bytes: number }[] = [];
      for (const [take, level, nth] of steps) {
        const bytes = 1 << (12 + level);
        if (take) {
          const address = allocator.allocate(bytes);
          if (address === undefined) {
            expect(allocator.freeBytes).toBeLessThan(total);
            continue;
          }
          expect(address % bytes).toBe(0);
          expect(address + bytes).toBeLessThanOrEqual(total);
          for (const other of held) {
            expect(address + bytes <= other.address || other.address + other.bytes <= address).toBe(true);
          }
          held.push({ address, bytes });
        } else if (held.length > 0) {
          const [block] = held.splice(nth % held.length, 1);
          if (block) allocator.free(block.address, block.bytes);
        }
        expect(allocator.freeBytes).toBe(total - held.reduce((sum, block) => sum + block.bytes, 0));
      }
      for (const { address, bytes } of held) allocator.free(address, bytes);
      expect(allocator.allocate(total)).toBe(0);
    }),
  );
});
