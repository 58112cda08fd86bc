import { suppressionSources } from '../../activities/suppressionList.js';
import { e164 } from '../../workflows/phoneNumber.js';
import { type DescribedRoute, jsonContent, query, ref, refusals } from './openApiRoutes.js';
import { longestReason } from './suppressionSchema.js';

const time = { type: 'string', format: 'date-time' };
const nextCursor = { type: ['string', 'null'], description: 'Null on the last page.' };

/** Schemas that only these routes use. */
export const diallingSchemas = {
  SuppressionPage: {
    type: 'object',
    required: ['suppressions', 'nextCursor'],
    properties: { suppressions: { type: 'array', items: ref('Suppression') }, nextCursor },
    example: { suppressions: [], nextCursor: null },
  },
  ImportedSuppressions: {
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
const dialling = { 200: { description: 'How dialling stands now.', content: jsonContent(ref('Dialling')) } };

const doNotCall = (route: DescribedRoute): DescribedRoute => ({
  ...route,
  secured: true,
  tags: ['Do not call'],
});
const control = (route: DescribedRoute): DescribedRoute => ({ ...route, secured: true, tags: ['Dialling'] });

/** The routes of what keeps a number, or every one, from being dialled. */
export const diallingRoutes: DescribedRoute[] = [
  doNotCall({
    method: 'get',
    path: '/suppressions',
    operationId: 'listSuppressions',
    summary: 'The do-not-call list',
    description: 'By number.',
    parameters: [
      query('reason', 'Entries with exactly this reason.', { type: 'string', maxLength: longestReason }),
      query('source', 'Entries that came from there.', { type: 'string', enum: [...suppressionSources] }),
      query('expired', 'true: only those that have expired; false: only those that hold.', {
        type: 'boolean',
      }),
      ...page,
    ],
    responses: {
      200: { description: 'One page of the list.', content: jsonContent(ref('SuppressionPage')) },
      ...refusals('invalid-request', 'store-unavailable'),
    },
  }),
  doNotCall({
    method: 'post',
    path: '/suppressions',
    operationId: 'addSuppressions',
    summary: 'Put numbers on the do-not-call list',
    description:
      'One number as JSON, or a list as CSV: a header with `to` and, if wanted, `reason` and `expires_at`; at most 64 MiB; all of it or, when anything is wrong, nothing is imported. Adding never shortens: of the entry that is there and the new one that which holds longer stays.',
    requestBody: {
      required: true,
      content: {
        ...jsonContent(ref('SuppressionRequest'), { to: '+15005550006', reason: 'asked us not to call' }),
        'text/csv': {
          schema: { type: 'string' },
          example: 'to,reason,expires_at\n+15005550006,asked us not to call,\n',
        },
      },
    },
    responses: {
      200: {
        description: 'The number as it stands on the list now; or what was imported.',
        content: jsonContent({ oneOf: [ref('Suppression'), ref('ImportedSuppressions')] }),
      },
      ...refusals('not-json', 'too-large', 'unsupported-media-type', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCall({
    method: 'post',
    path: '/suppressions/purge',
    operationId: 'purgeSuppressions',
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
  doNotCall({
    method: 'get',
    path: '/suppressions/{number}',
    operationId: 'readSuppression',
    summary: 'Is a number on the do-not-call list?',
    parameters: [number],
    responses: {
      200: { description: 'Its entry; look at expired.', content: jsonContent(ref('Suppression')) },
      ...refusals('not-listed', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCall({
    method: 'delete',
    path: '/suppressions/{number}',
    operationId: 'removeSuppression',
    summary: 'Take a number off the do-not-call list',
    parameters: [number],
    responses: {
      204: { description: 'It is gone.' },
      ...refusals('not-listed', 'too-large', 'invalid-request', 'store-unavailable'),
    },
  }),
  doNotCall({
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
  doNotCall({
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
  doNotCall({
    method: 'delete',
    path: '/invalid-numbers/{number}',
    operationId: 'forgetInvalidNumber',
    summary: 'Forget that a number is invalid',
    parameters: [number],
    responses: {
      204: { description: 'It is forgotten, and the number may be dialled again.' },
      ...refusals('not-listed', 'too-large', 'invalid-request', 'store-unavailable'),
    },
  }),
  control({
    method: 'get',
    path: '/dialling',
    operationId: 'readDialling',
    summary: 'How dialling stands',
    responses: { ...dialling, ...refusals('store-unavailable') },
  }),
  control({
    method: 'patch',
    path: '/dialling/limits',
    operationId: 'setDialLimits',
    summary: 'Set limits of dialling',
    description: 'They hold for every worker, from its next dial on.',
    requestBody: { required: true, content: jsonContent(ref('DialLimitsRequest')) },
    responses: {
      ...dialling,
      ...refusals('not-json', 'too-large', 'unsupported-media-type', 'invalid-request', 'store-unavailable'),
    },
  }),
  control({
    method: 'post',
    path: '/dialling/pause',
    operationId: 'pauseDialling',
    summary: 'Pause everything',
    description: 'Nothing more is dialled until it is resumed. Calls under way go on, and waiting ones wait.',
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
      ...dialling,
      ...refusals('not-json', 'too-large', 'unsupported-media-type', 'invalid-request', 'store-unavailable'),
    },
  }),
  control({
    method: 'post',
    path: '/dialling/resume',
    operationId: 'resumeDialling',
    summary: 'Go on dialling',
    description: 'Ends a pause, and closes the circuit breaker if it is not closed.',
    responses: { ...dialling, ...refusals('too-large', 'store-unavailable') },
  }),
];
