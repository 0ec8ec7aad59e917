// Photographs that are no part of the project: three families, portraits and groups, in ../shared/photos/family.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareTemplates } from '../core/score.ts';
import type { AnalysedImage, Template } from '../core/types.ts';
import { createFaceEngine, type PooledFaceEngine } from './face-engine.ts';

const folder = fileURLToPath(new URL('../../../shared/photos/family/', import.meta.url));
const present = existsSync(folder);
const EVERYTHING = { packId: 'fast', maxFaces: 100, measure: true, embed: true } as const;
const MATCH = 0.42;

describe.skipIf(!present)(
  `photos of families${present ? '' : ' (skipped: ../shared/photos/family is not here)'}`,
  () => {
    let engine: PooledFaceEngine;
    const photos = new Map<string, AnalysedImage>();
    /** Person → templates of their portraits, by number. */
    const portraits = new Map<string, Template[]>();

    beforeAll(async () => {
      engine = await createFaceEngine({ processes: 2 });
      const names = readdirSync(folder)
        .filter((name) => name.endsWith('.jpg'))
        .sort();
      await Promise.all(
        names.map(async (name) => photos.set(name, await engine.analyse(readFileSync(folder + name), EVERYTHING))),
      );
      for (const name of names.filter((name) => name.startsWith('Family'))) {
        const person = name.replace(/\d+\.jpg$/, '');
        portraits.set(person, [...(portraits.get(person) ?? []), ...templatesIn(name)]);
      }
    });
    afterAll(() => engine.close());

    function templatesIn(name: string): Template[] {
      return photo(name).faces.flatMap(({ template }) => template ?? []);
    }

    function photo(name: string): AnalysedImage {
      const analysed = photos.get(name);
      if (!analysed) throw new Error(`no photo ${name}`);
      return analysed;
    }

    /** Everybody, by their best portrait, closest first. */
    function rank(template: Template, enrolled: ReadonlyMap<string, readonly Template[]>) {
      return [...enrolled]
        .map(([person, templates]) => ({
          person,
          score: Math.max(...templates.map((other) => compareTemplates(template, other))),
        }))
        .sort((a, b) => b.score - a.score);
    }

    test('each portrait shows one face', () => {
      expect([...portraits.values()].flat()).toHaveLength(16);
    });

    test('whoever is enrolled with all but the last portrait is named by the last, and nobody else is near', () => {
      const enrolled = new Map(
        [...portraits].flatMap(([person, all]) => (all.length > 1 ? [[person, all.slice(0, -1)]] : [])),
      );
      expect(enrolled.size).toBe(6);
      for (const person of enrolled.keys()) {
        const [first, second] = rank(portraits.get(person)?.at(-1) as Template, enrolled);
        expect(first?.person).toBe(person);
        expect(first?.score).toBeGreaterThan(0.55);
        expect(second?.score).toBeLessThan(MATCH);
      }
    });

    test('in the group of four stand a family of four, and only they', () => {
      const faces = [...photo('identification1.jpg').faces].sort((a, b) => a.box.leftPx - b.box.leftPx);
      const ranked = faces.map(({ template }) => rank(template as Template, portraits));
      expect(ranked.map(([first]) => first?.person)).toEqual([
        'Family1-Son',
        'Family1-Dad',
        'Family1-Mom',
        'Family1-Daughter',
      ]);
      for (const [first, second] of ranked) {
        expect(first?.score).toBeGreaterThan(0.55);
        expect(second?.score).toBeLessThan(0.4);
      }
    });

    test('a couple is named in the one other photo that shows them, and nowhere else', () => {
      for (const person of ['Family3-Lady', 'Family3-Man']) {
        const [portrait] = portraits.get(person) ?? [];
        for (const name of photos.keys()) {
          if (name.startsWith('Family3')) continue;
          const best = Math.max(...templatesIn(name).map((other) => compareTemplates(portrait as Template, other)));
          // detection6.jpg: the same two, he carrying her on his back
          if (name === 'detection6.jpg') expect(best, `${person} in ${name}`).toBeGreaterThan(0.55);
          else expect(best, `${person} in ${name}`).toBeLessThan(0.4);
        }
      }
    });

    test.each([
      ['detection1.jpg', 1],
      ['detection2.jpg', 1],
      ['detection3.jpg', 1],
      ['detection4.jpg', 3],
      ['detection5.jpg', 3],
      ['detection6.jpg', 2],
      ['identification1.jpg', 4],
    ])('in %s every face a person would mark, and no other: %i', (name, count) => {
      expect(photo(name).faces).toHaveLength(count);
    });

    test('what can be seen of them is measured', () => {
      const [withGlasses] = photo('detection1.jpg').faces;
      const [withHat] = photo('detection3.jpg').faces;
      const [blurred, right, left] = photo('detection4.jpg').faces;
      expect(withGlasses?.measurements?.glasses).toBeGreaterThan(0.5);
      expect(withGlasses?.measurements?.sunglasses).toBeLessThan(0.5);
      expect(withHat?.measurements?.foreheadOccluded).toBeGreaterThan(0.5);
      // He looks past the camera, to the viewer's right, and is hard to recognise for it
      expect(withHat?.measurements?.pose.yawDeg).toBeGreaterThan(25);
      expect(withHat?.quality?.level).not.toBe('high');
      expect(blurred?.measurements?.blur).toBeGreaterThan(0.4);
      expect(blurred?.quality?.reasons).toContain('blurred');
      // Two people at a table, looking at each other
      expect(right?.measurements?.pose.yawDeg).toBeLessThan(-20);
      expect(left?.measurements?.pose.yawDeg).toBeGreaterThan(20);
      for (const { quality, measurements } of photo('detection5.jpg').faces) {
        expect(quality).toEqual({ level: 'high', reasons: [] });
        expect(measurements?.mask).toBeLessThan(0.3);
        expect(measurements?.exposure).toBeCloseTo(0.5, 1);
      }
    });
  },
);
