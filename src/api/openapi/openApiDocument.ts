import { z } from 'zod';
import { callRequestSchema } from '../../../activities/validation/callRequestSchema.js';
import { batchProgressSchema, batchResultSchema } from '../batches/batchAnswerSchema.js';
import { callAnswerSchema } from '../calls/callAnswerSchema.js';
import { dialingSchema, limitsRequestSchema } from '../dialing/dialingSchema.js';
import { doNotCallEntrySchema, doNotCallRequestSchema } from '../do-not-call/doNotCallSchema.js';
import { problems } from '../http/problem.js';
import { batchRouteDocs } from './batchRouteDocs.js';
import { batchSchemas } from './batchSchemas.js';
import { controlRouteDocs } from './controlRouteDocs.js';
import { deadLetterRouteDocs, deadLetterSchemas } from './deadLetterRouteDocs.js';
import { dialingRouteDocs, dialingSchemas } from './dialingRouteDocs.js';
import { exampleId, exampleUrl, ref, refusals, routeDocs } from './routeDocs.js';

const schemas = {
  StartedCall: {
    type: 'object',
    required: ['callId', 'runId', 'url'],
    properties: {
      callId: { type: 'string' },
      runId: {
        type: ['string', 'null'],
        description: "Temporal's run id; null for a call of long ago that only the outcome store remembers.",
      },
      url: { type: 'string', format: 'uri', description: 'Where the call is to be read.' },
    },
  },
  ControlledCall: {
    type: 'object',
    required: ['callId', 'url'],
    properties: { callId: { type: 'string' }, url: { type: 'string', format: 'uri' } },
    example: { callId: exampleId, url: exampleUrl },
  },
  CallPage: {
    type: 'object',
    required: ['calls', 'nextCursor'],
    properties: {
      calls: { type: 'array', items: ref('CallState') },
      nextCursor: { type: ['string', 'null'], description: 'Null on the last page.' },
    },
    example: { calls: [], nextCursor: null },
  },
  ...deadLetterSchemas,
  Problem: {
    type: 'object',
    description: 'Problem details, RFC 9457.',
    required: ['type', 'title', 'status', 'detail', 'instance', 'requestId'],
    properties: {
      type: { type: 'string', enum: Object.keys(problems).map((name) => `urn:ringtrue:problem:${name}`) },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string', description: 'What, on what, why, and what to do now.' },
      instance: { type: 'string' },
      requestId: { type: 'string', description: 'As in the header X-Request-Id and in the log.' },
      callId: { type: 'string', description: 'The call in question, where there is one.' },
      batchId: { type: 'string', description: 'The batch in question, where there is one.' },
      totalFaults: {
        type: 'integer',
        description: 'Of a batch: how many there are; faults names the first 100.',
      },
      faults: {
        type: 'array',
        description: 'With 422: everything that is wrong, at once.',
        items: {
          type: 'object',
          required: ['path', 'message'],
          properties: {
            path: { type: 'string', description: 'Dotted; empty: the request as a whole.' },
            message: { type: 'string' },
            row: {
              type: 'integer',
              description: 'Of a batch: which row, from 1; 0 is the head of a CSV file.',
            },
            column: {
              type: ['string', 'null'],
              description: 'Of a batch: which column; null: the whole row.',
            },
            line: { type: 'integer', description: 'Of a CSV file: which line, from 1.' },
          },
        },
      },
    },
  },
  Health: { type: 'object', required: ['alive'], properties: { alive: { const: true } } },
  Readiness: {
    type: 'object',
    required: ['ready', 'checks'],
    properties: {
      ready: { type: 'boolean' },
      checks: { type: 'object', additionalProperties: { type: 'string' } },
    },
    example: { ready: true, checks: { temporal: 'ok', store: 'ok' } },
  },
};

const zodSchemas = [
  callRequestSchema,
  callAnswerSchema,
  batchProgressSchema,
  batchResultSchema,
  doNotCallRequestSchema,
  doNotCallEntrySchema,
  limitsRequestSchema,
  dialingSchema,
];

/** The OpenAPI 3.1 document of the API; `secured`: the calls API asks for a bearer token. */
export function openApiDocument(secured: boolean): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, secured: needsToken, ...operation } of [
    ...routeDocs,
    ...controlRouteDocs,
    ...batchRouteDocs,
    ...dialingRouteDocs,
    ...deadLetterRouteDocs,
  ]) {
    const security = secured && needsToken ? { security: [{ bearer: [] }] } : {};
    const authRefusals = refusals(secured ? 'unauthorized' : 'not-local', 'too-many-requests');
    const responses = { ...operation.responses, ...(needsToken ? authRefusals : {}) };
    paths[path] = { ...paths[path], [method]: { ...operation, responses, ...security } };
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
    tags: [
      { name: 'Calls', description: 'Start calls, follow them, steer them.' },
      { name: 'Batches', description: 'Many calls at once, and again those that failed.' },
      { name: 'Notifications', description: 'What no receiver took, and sending it again.' },
      { name: 'Do not call', description: 'Numbers that must not be called, and those that do not exist.' },
      { name: 'Dialing', description: 'Limits, pause and circuit breaker of the account.' },
      { name: 'Twilio', description: 'What Twilio calls.' },
      { name: 'Operation', description: 'For those who run ringtrue.' },
      { name: 'Pages', description: 'For people.' },
    ],
    paths,
    components: {
      schemas: {
        ...Object.assign({}, ...zodSchemas.map(definitionsOf)),
        ...batchSchemas,
        ...schemas,
        ...dialingSchemas,
      },
      ...(secured ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

/** The JSON Schemas of a zod schema and of everything it names, as components of the document. */
function definitionsOf(schema: z.ZodType): Record<string, object> {
  const { $defs = {} } = z.toJSONSchema(schema, {
    io: 'input',
    override({ jsonSchema }) {
      // What zod says of every integer says nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return JSON.parse(JSON.stringify($defs).replaceAll('#/$defs/', '#/components/schemas/'));
}
