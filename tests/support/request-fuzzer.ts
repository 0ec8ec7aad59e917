// Random requests to every route of a version, made from its own description: mostly plausible, often wrong.
import fc from 'fast-check';
import type { OpenApi } from './answer-schemas.ts';

export interface FuzzedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: string | Uint8Array | undefined;
}

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** Values that exist, by the name of the parameter or member they belong to. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

export function fuzzedRequests(
  document: OpenApi,
  pool: { readonly known: KnownValues; readonly photos: readonly Uint8Array[] },
): fc.Arbitrary<FuzzedRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation: operation as Operation })),
  );
  return fc.constantFrom(...operations).chain(({ method, path, operation }) =>
    fc
      .record({
        path: filledPath(path, operation, pool.known),
        query: queryOf(operation, pool.known),
        body: bodyOf(operation, pool),
      })
      .map(({ path: filled, query, body }) => ({
        method: method.toUpperCase(),
        path: query === '' ? filled : `${filled}?${query}`,
        ...body,
      })),
  );
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', '..', '../..', '%', '%00', 'NaN', 'null', '__proto__', 'a'.repeat(300), '\u0000', '\ud800', '🙂'),
);
const junk = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(1e308, -1, 2 ** 31, '9'.repeat(400)),
);

function filledPath(path: string, operation: Operation, known: KnownValues): fc.Arbitrary<string> {
  const schemas = new Map(operation.parameters?.map(({ name, schema }) => [name, schema]));
  const parts = path.split('/').map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return fc.constant(part);
    const value = fc.oneof(
      { weight: 5, arbitrary: allowedValue(schemas.get(name) ?? {}, name, known) },
      { weight: 1, arbitrary: text },
    );
    return fc.oneof(
      { weight: 30, arbitrary: value.map((filled) => encode(String(filled))) },
      { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%2e%2e', '%2f', '%00', '%ff') },
    );
  });
  return fc.tuple(...parts).map((filled) => filled.join('/'));
}

function queryOf(operation: Operation, known: KnownValues): fc.Arbitrary<string> {
  const inQuery = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const pairs = inQuery.map(({ name, schema }) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('') },
      { weight: 3, arbitrary: allowedValue(schema, name, known).map((value) => `${name}=${encode(String(value))}`) },
      { weight: 1, arbitrary: text.map((value) => `${name}=${encode(value)}`) },
      { weight: 1, arbitrary: fc.constantFrom(`${name}=`, `${name}`, `${name}=1&${name}=2`, `${name}=%`, `x[y]=1`) },
    ),
  );
  return fc.tuple(...pairs).map((filled) => filled.filter((pair) => pair !== '').join('&'));
}

function bodyOf(
  operation: Operation,
  { known, photos }: { readonly known: KnownValues; readonly photos: readonly Uint8Array[] },
): fc.Arbitrary<Pick<FuzzedRequest, 'contentType' | 'body'>> {
  const content = operation.requestBody?.content;
  const none = fc.constant({ contentType: undefined, body: undefined });
  if (!content) return none;
  const json = content['application/json'];
  const schema = json?.schema ?? {};
  const documents = fc.oneof(
    { weight: 6, arbitrary: allowedValue(schema, '', known) },
    { weight: 3, arbitrary: mutated(schema, known) },
    { weight: 1, arbitrary: junk },
  );
  const asJson = fc.oneof(
    { weight: 12, arbitrary: documents.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom('', '{', '[[[[', '{"__proto__":{}}', '"', '\u0000') },
  );
  const bytes = fc.oneof(
    { weight: 3, arbitrary: fc.uint8Array({ maxLength: 3000 }) },
    { weight: 1, arbitrary: fc.constantFrom(...photos) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...photos), fc.nat(), fc.nat(255))
        .map(([photo, at, value]) => Uint8Array.from(photo).fill(value, at % photo.length, (at % photo.length) + 40)),
    },
  );
  const asForm = fc
    .dictionary(fc.constantFrom(...formNames(content)), fc.oneof(text, fc.constantFrom('Passive', '60', 'true')))
    .map(formOf);
  return fc.oneof(
    { weight: 6, arbitrary: asJson.map((body) => ({ contentType: 'application/json', body })) },
    {
      weight: content['application/octet-stream'] ? 6 : 1,
      arbitrary: bytes.map((body) => ({ contentType: 'application/octet-stream', body })),
    },
    { weight: content['multipart/form-data'] ? 6 : 1, arbitrary: asForm },
    { weight: 1, arbitrary: none },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('text/plain', 'image/jpeg', 'application/xml', 'x', ';'),
          fc.uint8Array({ maxLength: 50 }),
        )
        .map(([contentType, body]) => ({ contentType, body })),
    },
  );
}

function formNames(content: Readonly<Record<string, { readonly schema: Schema }>>): string[] {
  const properties = content['multipart/form-data']?.schema.properties as Schema | undefined;
  return ['x', ...Object.keys(properties ?? {})];
}

function formOf(fields: Readonly<Record<string, string>>): Pick<FuzzedRequest, 'contentType' | 'body'> {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--kith\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { contentType: 'multipart/form-data; boundary=kith', body: `${parts.join('')}--kith--\r\n` };
}

/** A value that the schema allows, known ones among them. */
function allowedValue(schema: Schema, name: string, known: KnownValues): fc.Arbitrary<unknown> {
  const values = known[name];
  const fresh = freshValue(schema, name, known);
  return values
    ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fresh })
    : fresh;
}

function freshValue(schema: Schema, name: string, known: KnownValues): fc.Arbitrary<unknown> {
  const alternatives = schema.anyOf as readonly Schema[] | undefined;
  if (alternatives) return fc.oneof(...alternatives.map((alternative) => allowedValue(alternative, name, known)));
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object': {
      const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>);
      const required = (schema.required ?? []) as string[];
      const members = Object.fromEntries(properties.map(([key, member]) => [key, allowedValue(member, key, known)]));
      return fc.record(members, { requiredKeys: required });
    }
    case 'array':
      return fc.array(allowedValue((schema.items ?? {}) as Schema, name, known), {
        minLength: (schema.minItems as number | undefined) ?? 0,
        maxLength: Math.min((schema.maxItems as number | undefined) ?? 4, 12),
      });
    case 'integer':
      return fc.integer({
        min: (schema.minimum as number | undefined) ?? -10,
        max: (schema.maximum as number | undefined) ?? 5000,
      });
    case 'number':
      return fc.double({ min: 0, max: 1, noNaN: true });
    case 'boolean':
      return fc.boolean();
    default:
      return schema.pattern === undefined ? fc.string({ minLength: 1, maxLength: 20 }) : idLike(String(schema.pattern));
  }
}

function idLike(pattern: string): fc.Arbitrary<string> {
  if (pattern.includes('{8}')) return fc.uuid();
  return fc.string({ unit: fc.constantFrom(...'abc019_-'), minLength: 1, maxLength: 64 });
}

/** An allowed value with one member replaced by anything, or left out, or one too many. */
function mutated(schema: Schema, known: KnownValues): fc.Arbitrary<unknown> {
  const names = Object.keys((schema.properties ?? {}) as object);
  if (names.length === 0) return junk;
  return fc
    .tuple(allowedValue(schema, '', known), fc.constantFrom(...names, 'extra'), fc.option(junk, { nil: undefined }))
    .map(([value, name, replacement]) => ({ ...(value as object), [name]: replacement }));
}

/** Percent-encodes; lone surrogates, which can't be, become the replacement character first. */
function encode(value: string): string {
  return encodeURIComponent(Buffer.from(value, 'utf8').toString('utf8'));
}
