import { callStates } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import { type ProblemName, problems } from '../http/problem.js';

/** A route as OpenAPI describes it: its place, and its Operation Object. */
export interface RouteDoc {
  method: 'get' | 'post' | 'patch' | 'delete';
  path: string;
  /** Asks for a bearer token when the API has any, else serves only this machine; what it says then is not among `responses`. */
  secured?: true;
  operationId: string;
  responses: Record<string, object>;
  [member: string]: unknown;
}

/** A schema of the document, by name. */
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
/** Content of a body: JSON of this schema. */
export const jsonContent = (schema: object, example?: unknown) => ({
  'application/json': { schema, ...(example === undefined ? {} : { example }) },
});

export const exampleId = 'call-0f8fad5b-d9cb-469f-a165-70867728950e';
export const exampleUrl = `https://ringtrue.example/calls/${exampleId}`;
export const location = {
  Location: { description: 'Where the call is to be read.', schema: { type: 'string', format: 'uri' } },
};

export const callIdInPath = {
  name: 'callId',
  in: 'path',
  required: true,
  description: 'The call id, which is the Temporal workflow id; percent-encoded.',
  schema: { type: 'string', minLength: 1 },
  example: exampleId,
};

export const query = (name: string, description: string, schema: object) => ({
  name,
  in: 'query',
  description,
  schema,
});

/** The problems that a request can get, by HTTP status. */
export function refusals(...names: ProblemName[]): Record<string, object> {
  const byStatus = new Map<number, ProblemName[]>();
  for (const name of names)
    byStatus.set(problems[name].status, [...(byStatus.get(problems[name].status) ?? []), name]);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((name) => problems[name].title).join('; or: '),
        content: {
          'application/problem+json': {
            schema: ref('Problem'),
            example: {
              type: `urn:ringtrue:problem:${group[0]}`,
              title: problems[group[0] as ProblemName].title,
              status,
              detail: 'What was wrong, on what, why, and what to do now.',
              instance: '/calls',
              requestId: '7d3f1c9e-5a0b-4d2e-9f86-2b1c4e5d6a70',
              ...(status === 422 ? { faults: [{ path: 'to', message: 'is "x"; must be …' }] } : {}),
            },
          },
        },
        ...(status === 429 || status === 503
          ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
          : {}),
      },
    ]),
  );
}

/** Every route of the API, as the document describes it. */
export const routeDocs: RouteDoc[] = [
  {
    method: 'post',
    path: '/calls',
    secured: true,
    operationId: 'startCall',
    tags: ['Calls'],
    summary: 'Start a call',
    description:
      'Accepted once the call is safe with Temporal. With an `Idempotency-Key` the request can be repeated without dialing twice: the call id is then `call-` and the SHA-256 of the key in hex.',
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        description: 'Names this call: the same key never starts a second one.',
        schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
        example: 'order-4711-reminder',
      },
    ],
    requestBody: { required: true, content: jsonContent(ref('CallRequest')) },
    responses: {
      202: {
        description: 'The call was started.',
        headers: location,
        content: jsonContent(ref('StartedCall'), { callId: exampleId, runId: 'b6f1…', url: exampleUrl }),
      },
      200: {
        description: 'The call that this Idempotency-Key started before.',
        headers: location,
        content: jsonContent(ref('StartedCall'), { callId: exampleId, runId: 'b6f1…', url: exampleUrl }),
      },
      ...refusals('not-json', 'key-reused', 'too-large', 'unsupported-media-type', 'invalid-request'),
      ...refusals('temporal-unavailable', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/calls',
    secured: true,
    operationId: 'listCalls',
    tags: ['Calls'],
    summary: 'List calls',
    description: 'Calls on record, newest first. A call comes on record when a worker takes it up.',
    parameters: [
      query('outcome', 'Calls that turned out so.', { type: 'string', enum: [...outcomes] }),
      query('state', 'Calls in this state.', { type: 'string', enum: [...callStates] }),
      query('to', 'Calls to this number; write the + as %2B.', { type: 'string', pattern: e164.source }),
      query('batch', 'Calls that this batch started.', { type: 'string', minLength: 1 }),
      query('since', 'Started at this time or later.', { type: 'string', format: 'date-time' }),
      query('until', 'Started before this time.', { type: 'string', format: 'date-time' }),
      query('limit', 'Calls per page.', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      query('cursor', 'nextCursor of the page before.', { type: 'string', minLength: 1 }),
    ],
    responses: {
      200: { description: 'One page of calls.', content: jsonContent(ref('CallPage')) },
      ...refusals('invalid-request', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/calls/{callId}',
    secured: true,
    operationId: 'readCall',
    tags: ['Calls'],
    summary: 'Where a call stands',
    parameters: [
      callIdInPath,
      query('wait', 'Answers early once the call is over, else after so many seconds.', {
        type: 'number',
        minimum: 0,
        maximum: 60,
        default: 0,
      }),
    ],
    responses: {
      200: { description: 'Where the call stands.', content: jsonContent(ref('CallState')) },
      ...refusals('no-such-call', 'invalid-request', 'temporal-unavailable', 'store-unavailable'),
    },
  },
  {
    method: 'post',
    path: '/twilio/status/{callId}/{attempt}',
    operationId: 'twilioStatus',
    tags: ['Twilio'],
    summary: "Twilio's status callback",
    description: 'For Twilio alone: the signature is checked first.',
    parameters: [
      callIdInPath,
      { name: 'attempt', in: 'path', required: true, schema: { type: 'integer', minimum: 1 }, example: 1 },
      { name: 'X-Twilio-Signature', in: 'header', required: true, schema: { type: 'string' } },
    ],
    requestBody: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': {
          schema: {
            type: 'object',
            properties: { CallSid: { type: 'string' }, CallStatus: { type: 'string' } },
            additionalProperties: { type: 'string' },
          },
        },
      },
    },
    responses: {
      204: { description: 'The callback is safe with Temporal, or the call is over.' },
      ...refusals('bad-signature', 'no-such-call', 'too-large', 'unsupported-media-type'),
      ...refusals('too-many-requests', 'temporal-unavailable', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/healthz',
    operationId: 'alive',
    tags: ['Operation'],
    summary: 'Is the process alive?',
    responses: { 200: { description: 'It is.', content: jsonContent(ref('Health'), { alive: true }) } },
  },
  {
    method: 'get',
    path: '/readyz',
    operationId: 'ready',
    tags: ['Operation'],
    summary: 'Can it serve?',
    responses: {
      200: { description: 'It can.', content: jsonContent(ref('Readiness')) },
      503: { description: 'It cannot; checks say why.', content: jsonContent(ref('Readiness')) },
    },
  },
  {
    method: 'get',
    path: '/metrics',
    secured: true,
    operationId: 'metrics',
    tags: ['Operation'],
    summary: 'Metrics for Prometheus',
    responses: {
      200: { description: 'Prometheus text.', content: { 'text/plain': { schema: { type: 'string' } } } },
    },
  },
  ...(
    [
      ['/openapi.json', 'openApi', 'This document', 'application/json'],
      ['/docs', 'docs', 'This document as a page', 'text/html'],
      ['/', 'front', 'Where to go from here', 'text/html'],
    ] as const
  ).map(
    ([path, operationId, summary, type]): RouteDoc => ({
      method: 'get',
      path,
      operationId,
      tags: ['Pages'],
      summary,
      responses: { 200: { description: summary, content: { [type]: { schema: {} } } } },
    }),
  ),
];
