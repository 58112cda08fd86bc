/** What this reads of a JSON Schema: the keywords that the API's document has. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: object;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
}

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; description?: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/**
 * The TypeScript of `src/client/apiTypes.ts`: one type for each schema of the document, and one for each query.
 *
 * A list of words is open in what the API answers, so that a word of a later version is no error of the compiler. It
 * is closed in what clients send. Written here because generators such as openapi-typescript need the compiler API
 * of TypeScript 5, which TypeScript 7 does not have.
 */
export function typesOfApi(document: OpenApiDocument): string {
  const { schemas } = document.components;
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const reads = Object.values(document.paths).flatMap((path) => (path.get ? [path.get] : []));
  const sent = namesIn(
    operations.map(({ requestBody }) => requestBody),
    schemas,
  );
  const ofSchemas = Object.entries(schemas).map(([name, schema]) =>
    declaration(name, schema, sent.has(name)),
  );
  const ofQueries = reads.flatMap(({ operationId, parameters = [] }) => {
    const query = parameters.filter((parameter) => parameter.in === 'query');
    if (query.length === 0) return [];
    const properties = Object.fromEntries(
      query.map(({ name, description, schema }) => [
        name,
        { ...schema, ...(description && { description }) },
      ]),
    );
    const name = `${operationId[0]?.toUpperCase()}${operationId.slice(1)}Query`;
    return [
      declaration(name, { type: 'object', properties, description: `The query of ${operationId}.` }, true),
    ];
  });
  const head = [
    '// Written by `npx vitest run test/client/apiTypes.test.ts -u` from the OpenAPI document of the API.',
    '',
    '/** A value that a later version of the API may have. */',
    'type LaterValue = string & Record<never, never>;',
  ].join('\n');
  return `${[head, ...ofSchemas, ...ofQueries].join('\n\n')}\n`;
}

/** Every schema that this refers to, directly or not. */
function namesIn(value: unknown, schemas: Record<string, Schema>): Set<string> {
  const found = new Set<string>();
  const rest = [value];
  while (rest.length > 0)
    for (const [, name = ''] of JSON.stringify(rest.pop() ?? null).matchAll(
      /"#\/components\/schemas\/(\w+)"/g,
    ))
      if (!found.has(name)) {
        found.add(name);
        rest.push(schemas[name]);
      }
  return found;
}

function declaration(name: string, schema: Schema, isSent: boolean): string {
  const text = typeOf(schema, isSent, '');
  const head = comment(schema.description, '');
  return schema.type === 'object' && text.startsWith('{')
    ? `${head}export interface ${name} ${text}`
    : `${head}export type ${name} = ${text};`;
}

function typeOf(schema: Schema, isSent: boolean, indent: string): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1) as string;
  if (schema.not) return 'never';
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return [...schema.enum.map(literal), ...(isSent ? [] : ['LaterValue'])].join(' | ');
  // An object may have one too, of which fields are required: a type says that less well than the description.
  const choices = schema.anyOf ?? (schema.type === undefined ? schema.oneOf : undefined);
  if (choices) return [...new Set(choices.map((one) => typeOf(one, isSent, indent)))].join(' | ');
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, isSent, indent)).join(' | ');
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'array': {
      const item = typeOf(schema.items ?? {}, isSent, indent);
      return / \| /.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    case 'object':
      return objectOf(schema, isSent, indent);
    default:
      return 'unknown';
  }
}

function objectOf(
  { properties, required = [], additionalProperties }: Schema,
  isSent: boolean,
  indent: string,
) {
  if (properties === undefined) {
    const value =
      typeof additionalProperties === 'object' ? typeOf(additionalProperties, isSent, indent) : 'unknown';
    return `Record<string, ${value}>`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? '' : '?';
    const type = typeOf(schema, isSent, inner);
    const orUndefined = optional && isSent && type !== 'never' ? ' | undefined' : '';
    return `${comment(schema.description, inner)}${inner}${key(name)}${optional}: ${type}${orUndefined};`;
  });
  return lines.length === 0 ? 'Record<string, never>' : `{\n${lines.join('\n')}\n${indent}}`;
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : JSON.stringify(value);
}
