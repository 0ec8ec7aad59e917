// Holds answers against an OpenAPI document: which operation it was, and whether what came back is of its shape.
import { existsSync, readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

type Json = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Json>> };
}

export interface Answered {
  readonly method: string;
  /** Below the version's base path, without a query. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** Throws with what is wrong when an answer is not what the document promises. Errors are held against its default. */
export type AnswerCheck = (answered: Answered) => void;

export function answerCheck(document: OpenApi, basePath = ''): AnswerCheck {
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      pattern: new RegExp(
        `^${basePath}${template
          .split('#')[0]
          ?.slice(basePath.length)
          .replace(/\{\w+\}/g, '[^/]+')}$`,
        'i',
      ),
      responses: (operation.responses ?? {}) as Readonly<Record<string, Json>>,
    })),
  );
  return ({ method, path, status, body }) => {
    const found = operations.filter(
      (operation) => operation.method === method && operation.pattern.test(basePath + path),
    );
    if (found.length === 0) throw new Error(`the description has no ${method} ${path}`);
    const response = found.map(({ responses }) => responses[status] ?? responses.default).find(Boolean);
    if (!response) throw new Error(`${method} ${path} must not answer ${status}`);
    const content = response.content as Readonly<Record<string, Json>> | undefined;
    const schema = (content?.['application/json'] ?? content?.['*/*'])?.schema;
    if (schema === undefined) {
      if (body !== undefined) throw new Error(`${method} ${path} ${status} has no body, but one came`);
      return;
    }
    const validator = Compile(inline(schema, document) as TSchema);
    if (!validator.Check(body)) {
      const faults = JSON.stringify(validator.Errors(body).slice(0, 3));
      throw new Error(`${method} ${path} ${status} is not of its shape: ${faults}\n${JSON.stringify(body)}`);
    }
  };
}

/** Replaces references by what they refer to; Azure's schemas don't refer to themselves. */
function inline(schema: unknown, document: OpenApi): unknown {
  if (Array.isArray(schema)) return schema.map((entry) => inline(entry, document));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...members } = schema as Json;
  if (typeof $ref === 'string') return inline(document.components?.schemas?.[$ref.split('/').at(-1) ?? ''], document);
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, inline(value, document)]));
}

const SPEC_FILES: Readonly<Record<string, string>> = {
  'v1.0': 'face-v1.0.apis-guru.openapi3.json',
  'v1.1-preview.1': 'face-v1.1-preview.1.derived.openapi3.json',
  'v1.2': 'face-v1.2.derived.openapi3.json',
};

/** Azure's own description of a version, where one is at hand beside the project. */
export function azureSpec(version: string): OpenApi | undefined {
  const file = SPEC_FILES[version];
  const url = file && new URL(`../../../shared/azure-face/openapi/${file}`, import.meta.url);
  if (!url || !existsSync(url)) return undefined;
  return withRecordedTruth(JSON.parse(readFileSync(url, 'utf8')) as OpenApi);
}

/** Where recordings of the live service, or its own later versions, say otherwise than these files. */
function withRecordedTruth(document: OpenApi): OpenApi {
  const schemas = document.components?.schemas ?? {};
  const training = schemas.TrainingResult as { required?: string[] } | undefined;
  // Absent until a training succeeded
  if (training?.required) {
    training.required = training.required.filter((name) => name !== 'lastSuccessfulTrainingDateTime');
  }
  // This revision of v1.0 is older than recognition_03
  const model = schemas.RecognitionModel as { enum?: string[] } | undefined;
  model?.enum?.push('recognition_03', 'recognition_04');
  return document;
}
