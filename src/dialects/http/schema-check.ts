// Schemas check what comes in; what they find becomes the same Problem that core would raise.
import type { TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { invalidArgument } from '../../core/checks.ts';
import type { ArgumentFault, KithError } from '../../core/errors.ts';

/** `form` is a multipart body: fields as text, files as bytes. */
export type HttpPart = 'body' | 'form' | 'querystring' | 'params' | 'headers';

/** What Fastify's validator compilers answer: the value to go on with, or what is wrong with it. */
export type Check = (input: unknown) => { readonly value: unknown } | { readonly error: KithError };

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** All versions mount the same schemas: each is compiled once. */
const compiled = new WeakMap<TSchema, ReturnType<typeof Compile<TSchema>>>();

/** A body is taken as it is; values of queries and forms come as text and are read as what the schema says. */
export function compileCheck(schema: TSchema, part: HttpPart): Check {
  const validator = compiled.get(schema) ?? Compile(schema);
  compiled.set(schema, validator);
  return (input) => {
    const value = part === 'querystring' || part === 'form' ? readTexts(schema as TObject, input) : input;
    if (validator.Check(value)) return { value };
    const [first] = validator.Errors(value) as readonly SchemaError[];
    return { error: first ? toKithError(first) : invalidArgument('body', 'malformed', 'The request is invalid.') };
  };
}

/** Empty values count as unset, as some clients send `start=`. What isn't in the schema is dropped. */
function readTexts(schema: TObject, input: unknown): Record<string, unknown> {
  const values = new Map(Object.entries(input as Record<string, unknown>));
  const read: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = values.get(name);
    if (value === undefined || value === '') continue;
    read[name] = readText(value, (property as { readonly type?: string }).type);
  }
  return read;
}

/** Text that isn't what the type says is left as it is, for the schema to refuse. */
function readText(value: unknown, type: string | undefined): unknown {
  // A form's JSON may come as a file
  if (value instanceof Uint8Array && type === 'object') return parseObject(new TextDecoder().decode(value));
  if (typeof value !== 'string') return value;
  if (type === 'integer' && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (type === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value)) return Number(value);
  if (type === 'array') return value.split(',');
  if (type === 'object') return parseObject(value);
  return value;
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => {
      if (key === '__proto__') throw new Error('a prototype key');
      return value;
    });
  } catch {
    return text;
  }
}

function toKithError({ keyword, instancePath, params }: SchemaError): KithError {
  const missing =
    keyword === 'required' ? (params.requiredProperties as readonly string[] | undefined)?.[0] : undefined;
  const argument = missing ?? instancePath.split('/')[1] ?? 'body';
  return invalidArgument(
    argument === '' ? 'body' : argument,
    faultOf(keyword),
    `"${argument}" is invalid (${keyword}).`,
  );
}

function faultOf(keyword: string): ArgumentFault {
  switch (keyword) {
    case 'required':
      return 'missing';
    case 'minLength':
      return 'empty';
    case 'maxLength':
      return 'too-long';
    case 'minimum':
    case 'maximum':
    case 'minItems':
    case 'maxItems':
      return 'out-of-range';
    case 'enum':
    case 'const':
      return 'unknown';
    default:
      return 'malformed';
  }
}
