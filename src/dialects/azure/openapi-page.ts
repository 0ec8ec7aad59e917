// A page that reads without a script: every operation with its parameters, body and answer.

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly format?: string;
}

interface Media {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly description?: string;
}

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: Schema;
    readonly description?: string;
  }[];
  readonly requestBody?: Media;
  readonly responses?: Readonly<Record<string, Media>>;
}

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export function renderOpenApiPage(
  document: OpenApiDocument,
  context: { readonly basePath: string; readonly versions: readonly string[] },
): string {
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'Other';
      byTag.set(tag, [...(byTag.get(tag) ?? []), renderOperation(method.toUpperCase(), path, operation)]);
    }
  }
  const sections = [...byTag].map(([tag, operations]) => `<h2>${escapeHtml(tag)}</h2>\n${operations.join('\n')}`);
  const others = context.versions.map((version) => `<a href="/openapi/azure-${version}">${version}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.info.title)}</title>
<link rel="stylesheet" href="/status.css">
</head>
<body>
<main>
<h1>${escapeHtml(document.info.title)}</h1>
<p>${escapeHtml(document.info.description ?? '')}</p>
<p>Versions: ${others.join(', ')}. Base path: <code>${escapeHtml(context.basePath)}</code>.</p>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function renderOperation(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, required, schema, description }) =>
      `<li><code>${escapeHtml(name)}</code> (${place}${required ? ', required' : ''}): ${describe(schema ?? {}, description)}</li>`,
  );
  const bodies = Object.entries(operation.requestBody?.content ?? {}).map(
    ([type, { schema }]) => `<p>Body, <code>${escapeHtml(type)}</code>:</p>${renderSchema(schema ?? {})}`,
  );
  const answers = Object.entries(operation.responses ?? {}).map(([status, answer]) => {
    const schema = answer.content?.['application/json']?.schema;
    return `<p>Answer ${status}${schema && schema.type !== 'null' ? `:</p>${renderSchema(schema)}` : ', no body.</p>'}`;
  });
  return `<details>
<summary><code>${method} ${escapeHtml(path)}</code> ${escapeHtml(operation.summary ?? '')}</summary>
${parameters.length > 0 ? `<ul>${parameters.join('')}</ul>` : ''}${bodies.join('')}${answers.join('')}
</details>`;
}

function renderSchema(schema: Schema): string {
  if (schema.type === 'array' && schema.items) return `<p>A list of:</p>${renderSchema(schema.items)}`;
  if (!schema.properties) return `<p>${describe(schema)}</p>`;
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const required = schema.required?.includes(name) ? ', required' : '';
    const nested = member.properties || member.items?.properties ? renderSchema(member) : '';
    return `<li><code>${escapeHtml(name)}</code>${required}: ${describe(member)}${nested}</li>`;
  });
  return `<ul>${members.join('')}</ul>`;
}

/** Type, bounds and words in one line. */
function describe(schema: Schema, description = schema.description): string {
  const parts = [
    schema.format === 'binary' ? 'bytes' : (schema.type ?? 'anything'),
    schema.enum ? `one of ${schema.enum.join(', ')}` : '',
    schema.minimum === undefined ? '' : `from ${schema.minimum}`,
    schema.maximum === undefined ? '' : `to ${schema.maximum}`,
    schema.maxLength === undefined ? '' : `at most ${schema.maxLength} characters`,
  ];
  const facts = parts.filter((part) => part !== '').join(', ');
  return escapeHtml(description ? `${facts}. ${description}` : facts);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
