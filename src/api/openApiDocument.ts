import { z } from 'zod';
import { type ProblemName, problemSchema, problems } from './http/problem.js';
import { type Route, tags } from './http/route.js';
import { writtenSchema } from './http/schemaDocument.js';

/** The OpenAPI 3.1 document of these routes; `secured`: routes that are not open need a bearer token. */
export function openApiDocument(routes: readonly Route[], secured: boolean): object {
  const schemas: Record<string, object> = {};
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const operation = describe(operationOf(route, secured), schemas) as object;
    paths[route.path] = { ...paths[route.path], [route.method]: operation };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ringtrue',
      version: '1',
      description:
        'Outbound calls on Twilio with a durable, true outcome. Errors are problem details (RFC 9457).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative to the address of the document, which may lie behind a proxy that takes a path prefix off.
    servers: [{ url: '.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      ...(secured ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

const either = new Intl.ListFormat('en', { type: 'disjunction' });

function operationOf(route: Route, secured: boolean): object {
  const { operationId, tag, summary, parameters, body, answers, problems = [], open, roles } = route;
  const access: ProblemName[] = [
    ...(secured ? (['unauthorized', 'wrong-role'] as const) : (['not-local'] as const)),
    'too-many-requests',
  ];
  const neededRole = secured && roles ? `Needs a token with the role ${either.format(roles)}.` : '';
  const description = [route.description ?? '', neededRole].filter(Boolean).join(' ');
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    ...(parameters && parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: { ...answers, ...problemAnswers(open ? problems : [...problems, ...access]) },
    // Each is one way to be allowed. Source: OpenAPI 3.1, Security Requirement Object.
    ...(secured && roles ? { security: roles.map((role) => ({ bearer: [role] })) } : {}),
  };
}

/** Problems by HTTP status; one answer describes all problems of a status. */
function problemAnswers(names: readonly ProblemName[]): Record<string, object> {
  const byStatus = new Map<number, ProblemName[]>();
  for (const name of names) {
    const { status } = problems[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, problemAnswer(status, group)]));
}

function problemAnswer(status: number, names: ProblemName[]): object {
  const retryAfter = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } };
  const example = {
    type: `urn:ringtrue:problem:${names[0]}`,
    title: problems[names[0] as ProblemName].title,
    status,
    detail: 'What was wrong, on what, why, and what to do now.',
    instance: '/calls',
    requestId: '7d3f1c9e-5a0b-4d2e-9f86-2b1c4e5d6a70',
    ...(status === 422 ? { faults: [{ path: 'to', message: 'is "x"; must be …' }] } : {}),
  };
  return {
    description: names.map((name) => problems[name].title).join('; or: '),
    content: { 'application/problem+json': { schema: problemSchema, example } },
    ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
  };
}

/** The value with each zod schema in it as JSON Schema. Schemas that have an id go into `schemas`. */
function describe(value: unknown, schemas: Record<string, object>): unknown {
  if (value instanceof z.ZodType) return jsonSchemaOf(value, schemas);
  if (Array.isArray(value)) return value.map((one) => describe(one, schemas));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, describe(inner, schemas)]));
}

function jsonSchemaOf(type: z.ZodType, schemas: Record<string, object>): object {
  const { $schema, ...written } = writtenSchema(type);
  const { $defs = {}, ...schema } = JSON.parse(
    JSON.stringify(written).replaceAll('#/$defs/', '#/components/schemas/'),
  );
  Object.assign(schemas, $defs);
  return schema;
}
