import { doNotCallSources } from '../../../activities/store/do-not-call/doNotCallList.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import { longestReason } from '../do-not-call/doNotCallSchema.js';
import { jsonContent, query, type RouteDoc, ref, refusals } from './routeDocs.js';

const time = { type: 'string', format: 'date-time' };
const nextCursor = { type: ['string', 'null'], description: 'Null on the last page.' };

/** Schemas that only these routes use. */
export const dialingSchemas = {
  DoNotCallPage: {
    type: 'object',
    required: ['entries', 'nextCursor'],
    properties: { entries: { type: 'array', items: ref('DoNotCallEntry') }, nextCursor },
    example: { entries: [], nextCursor: null },
  },
  DoNotCallImport: {
    type: 'object',
    required: ['rows', 'added'],
    properties: {
      rows: { type: 'integer', description: 'Rows of the list, without header and empty ones.' },
      added: { type: 'integer', description: 'Numbers that were not on the list before.' },
    },
    example: { rows: 1000, added: 980 },
  },
  InvalidNumber: {
    type: 'object',
    description: 'A number of which Twilio has said that there is none such.',
    required: ['to', 'source', 'code', 'message', 'callId', 'seenAt'],
    properties: {
      to: { type: 'string', pattern: e164.source },
      source: { type: 'string', enum: ['lookup', 'twilio'] },
      code: { type: 'string' },
      message: { type: 'string' },
      callId: { type: 'string', description: 'The call that brought it to light.' },
      seenAt: time,
    },
  },
  InvalidNumberPage: {
    type: 'object',
    required: ['invalidNumbers', 'nextCursor'],
    properties: { invalidNumbers: { type: 'array', items: ref('InvalidNumber') }, nextCursor },
    example: { invalidNumbers: [], nextCursor: null },
  },
};

const number = {
  name: 'number',
  in: 'path',
  required: true,
  description: 'The phone number, E.164; its + as it is, or as %2B.',
  schema: { type: 'string', pattern: e164.source },
  example: '+15005550006',
};
const page = [
  query('limit', 'Numbers per page.', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
  query('cursor', 'nextCursor of the page before.', { type: 'string', minLength: 1 }),
];
const dialingResponse = {
  200: { description: 'How dialing stands now.', content: jsonContent(ref('Dialing')) },
};

const doNotCallRoute = (route: RouteDoc): RouteDoc => ({
  ...route,
  secured: true,
  tags: ['Do not call'],
});
const dialingRoute = (route: RouteDoc): RouteDoc => ({ ...route, secured: true, tags: ['Dialing'] });

/** The routes of what keeps a number, or every one, from being dialed. */
export const dialingRouteDocs: RouteDoc[] = [
  doNotCallRoute({
    method: 'get',
    path: '/do-not-call',
    operationId: 'listDoNotCall',
    summary: 'The do-not-call list',
    description: 'By number.',
    parameters: [
      query('reason', 'Entries with exactly this reason.', { type: 'string', maxLength: longestReason }),
      query('source', 'Entries that came from there.', { type: 'string', enum: [...doNotCallSources] }),
      query('expired', 'true: only those that have expired; false: only those that hold.', {
        type: 'boolean',
      }),
      ...page,
    ],
    responses: {
      200: { description: 'One page of the list.', content: jsonContent(ref('DoNotCallPage')) },
      ...refusals('invalid-request', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'post',
    path: '/do-not-call',
    operationId: 'addToDoNotCall',
    summary: 'Put numbers on the do-not-call list',
    description:
      'One number as JSON, or a list as CSV: a header with `to` and, if wanted, `reason` and `expires_at`; at most 64 MiB; all of it or, when anything is wrong, nothing is imported. Adding never shortens: of the entry that is there and the new one that which holds longer stays.',
    requestBody: {
      required: true,
      content: {
        ...jsonContent(ref('DoNotCallRequest'), { to: '+15005550006', reason: 'asked us not to call' }),
        'text/csv': {
          schema: { type: 'string' },
          example: 'to,reason,expires_at\n+15005550006,asked us not to call,\n',
        },
      },
    },
    responses: {
      200: {
        description: 'The number as it stands on the list now; or what was imported.',
        content: jsonContent({ oneOf: [ref('DoNotCallEntry'), ref('DoNotCallImport')] }),
      },
      ...refusals('not-json', 'too-large', 'unsupported-media-type', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'post',
    path: '/do-not-call/purge',
    operationId: 'purgeDoNotCall',
    summary: 'Delete the entries that have expired',
    responses: {
      200: {
        description: 'They are gone.',
        content: jsonContent(
          { type: 'object', required: ['removed'], properties: { removed: { type: 'integer' } } },
          { removed: 12 },
        ),
      },
      ...refusals('too-large', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'get',
    path: '/do-not-call/{number}',
    operationId: 'readDoNotCallEntry',
    summary: 'Is a number on the do-not-call list?',
    parameters: [number],
    responses: {
      200: { description: 'Its entry; look at expired.', content: jsonContent(ref('DoNotCallEntry')) },
      ...refusals('not-listed', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'delete',
    path: '/do-not-call/{number}',
    operationId: 'removeFromDoNotCall',
    summary: 'Take a number off the do-not-call list',
    parameters: [number],
    responses: {
      204: { description: 'It is gone.' },
      ...refusals('not-listed', 'too-large', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'get',
    path: '/invalid-numbers',
    operationId: 'listInvalidNumbers',
    summary: 'Numbers remembered as invalid',
    description: 'By number, with what Twilio said.',
    parameters: page,
    responses: {
      200: { description: 'One page of them.', content: jsonContent(ref('InvalidNumberPage')) },
      ...refusals('invalid-request', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'get',
    path: '/invalid-numbers/{number}',
    operationId: 'readInvalidNumber',
    summary: 'Is a number remembered as invalid?',
    parameters: [number],
    responses: {
      200: { description: 'What Twilio said of it.', content: jsonContent(ref('InvalidNumber')) },
      ...refusals('not-listed', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCallRoute({
    method: 'delete',
    path: '/invalid-numbers/{number}',
    operationId: 'forgetInvalidNumber',
    summary: 'Forget that a number is invalid',
    parameters: [number],
    responses: {
      204: { description: 'It is forgotten, and the number may be dialed again.' },
      ...refusals('not-listed', 'too-large', 'invalid-request', 'store-unavailable'),
    },
  }),
  dialingRoute({
    method: 'get',
    path: '/dialing',
    operationId: 'readDialing',
    summary: 'How dialing stands',
    responses: { ...dialingResponse, ...refusals('store-unavailable') },
  }),
  dialingRoute({
    method: 'patch',
    path: '/dialing/limits',
    operationId: 'setDialLimits',
    summary: 'Set limits of dialing',
    description: 'They hold for every worker, from its next dial on.',
    requestBody: { required: true, content: jsonContent(ref('DialLimitsRequest')) },
    responses: {
      ...dialingResponse,
      ...refusals('not-json', 'too-large', 'unsupported-media-type', 'invalid-request', 'store-unavailable'),
    },
  }),
  dialingRoute({
    method: 'post',
    path: '/dialing/pause',
    operationId: 'pauseDialing',
    summary: 'Pause everything',
    description: 'Nothing more is dialed until it is resumed. Calls under way go on, and waiting ones wait.',
    requestBody: {
      required: false,
      content: jsonContent(
        {
          type: 'object',
          additionalProperties: false,
          properties: { reason: { type: ['string', 'null'], maxLength: longestReason } },
        },
        { reason: 'the announcement is wrong' },
      ),
    },
    responses: {
      ...dialingResponse,
      ...refusals('not-json', 'too-large', 'unsupported-media-type', 'invalid-request', 'store-unavailable'),
    },
  }),
  dialingRoute({
    method: 'post',
    path: '/dialing/resume',
    operationId: 'resumeDialing',
    summary: 'Go on dialing',
    description: 'Ends a pause, and closes the circuit breaker if it is not closed.',
    responses: { ...dialingResponse, ...refusals('too-large', 'store-unavailable') },
  }),
];
