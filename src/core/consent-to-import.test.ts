import { expect, test } from 'vitest';
import { planConsent } from './consent-to-import.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const listed = { givenBy: 'Anna', method: 'signed on paper', textHash: 'a'.repeat(64) };
const onRecord = { ...listed, givenMs: NOW_MS - 10 * DAY_MS };

test('consent of somebody new is given when the list says, or now', () => {
  expect(planConsent(listed, undefined, NOW_MS)).toEqual({ ...listed, givenMs: NOW_MS });
  const dated = { ...listed, givenMs: NOW_MS - DAY_MS };
  expect(planConsent(dated, undefined, NOW_MS)).toEqual(dated);
});

test('the same list again changes nothing, nor does an older one', () => {
  expect(planConsent(listed, onRecord, NOW_MS)).toBeUndefined();
  expect(planConsent({ ...listed, givenMs: onRecord.givenMs }, onRecord, NOW_MS)).toBeUndefined();
  expect(planConsent({ ...listed, method: 'by telephone', givenMs: 1 }, onRecord, NOW_MS)).toBeUndefined();
});

test('what is newer, or undated and different, takes its place', () => {
  const renewed = { ...listed, givenMs: NOW_MS - DAY_MS };
  expect(planConsent(renewed, onRecord, NOW_MS)).toEqual(renewed);
  const other = { ...listed, untilMs: NOW_MS + DAY_MS };
  expect(planConsent(other, onRecord, NOW_MS)).toEqual({ ...other, givenMs: NOW_MS });
});

test('a list takes no withdrawal back, unless it says that consent was given again since', () => {
  const withdrawn = { ...onRecord, withdrawnMs: NOW_MS - 2 * DAY_MS };
  for (const givenMs of [undefined, onRecord.givenMs, withdrawn.withdrawnMs]) {
    const again = givenMs === undefined ? listed : { ...listed, givenMs };
    expect(() => planConsent(again, withdrawn, NOW_MS)).toThrow(/withdrew/);
  }
  const anew = { ...listed, givenMs: NOW_MS - DAY_MS };
  expect(planConsent(anew, withdrawn, NOW_MS)).toEqual(anew);
});
