// Every operation that Azure's descriptions name is answered by its contract, or says that it is not answered yet.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaceEngine } from '../../src/core/ports.ts';
import { azureSpec } from '../support/answer-schemas.ts';
import { azureHttp } from '../support/azure-http.ts';
import { startService, type TestService } from '../support/service.ts';

/** `METHOD /path/{id}` of each version, as Azure's OpenAPI files list them. */
const OPERATIONS = JSON.parse(
  readFileSync(new URL('../fixtures/azure-operations.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>;

/** What Kith leaves out, and says so. */
const LEFT_OUT: readonly string[] = [];

let service: TestService;

beforeAll(async () => {
  // Nothing here has a photo to look at
  const engine: FaceEngine = {
    packs: [],
    analyse: () => Promise.reject(new Error('no photo was expected')),
    close: async () => {},
  };
  service = await startService({ engine });
});
afterAll(() => service?.stop());

describe.each(Object.entries(OPERATIONS))('%s', (version, operations) => {
  test('answers each of its operations', async () => {
    const azure = await azureHttp(service, version);
    const notYet: string[] = [];
    for (const operation of operations) {
      const [method, template] = operation.split(' ') as [string, string];
      const path = template.replace(/\{(\w+)\}/g, (_, name) =>
        name === 'recognitionModel'
          ? 'recognition_04'
          : name.endsWith('GroupId') || name.endsWith('ListId')
            ? 'x'
            : service.deps.newId(),
      );
      const { status, error } = await azure.call(method, path);
      if (status === 501) notYet.push(operation);
      expect(`${operation}: ${error}`).not.toBe(`${operation}: 404: Resource not found`);
      expect(status).not.toBe(500);
    }
    expect(notYet).toEqual(LEFT_OUT.filter((operation) => operations.includes(operation)));
  });

  test.skipIf(!azureSpec(version))('(where the descriptions are at hand) has them all in its list', () => {
    const spec = azureSpec(version)!;
    const named = Object.entries(spec.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.responses !== undefined)
        .map(([method]) => `${method.toUpperCase()} ${path.split('#')[0]}`),
    );
    expect([...new Set(named)].sort()).toEqual(operations);
  });
});
