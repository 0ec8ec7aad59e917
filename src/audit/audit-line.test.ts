import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineOf, parseLine, prepareLine } from './audit-line.ts';
import { canonicalJson } from './canonical-json.ts';

const place = { seq: 17, prev: 'ab'.repeat(32) };

test('a line put together from its parts is the canonical form of the whole', () => {
  const key = fc.oneof(fc.constantFrom('action', 'prev1', 'problem', 'score', 'searches', 'seq1', 'time'), fc.string());
  const value = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(fc.string()));
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1 }), (content) => {
      fc.pre(!('prev' in content) && !('seq' in content));
      const line = lineOf(prepareLine(content), place);
      expect(line.toString('utf8')).toBe(canonicalJson({ ...content, ...place }));
      expect(line.includes(10)).toBe(false);
      expect(parseLine(line)).toMatchObject(place);
    }),
  );
});

test.each(['', '{', '[]', 'null', '{"seq":1}', '{"seq":1.5,"prev":""}', '{"seq":"1","prev":""}'])(
  '%j is no line',
  (text) => {
    expect(parseLine(Buffer.from(text))).toBeUndefined();
  },
);
