import { notifyEvents } from '../../../workflows/callRequest.js';
import { exampleId, jsonContent, query, type RouteDoc, ref, refusals } from './routeDocs.js';

const exampleLetter = 'msg_5f1c0e7a9b3d4c21a6e80f4d2b7c9913';
const time = { type: 'string', format: 'date-time' };
const timeOrNull = { type: ['string', 'null'], format: 'date-time' };

/** The schemas of dead letters, as the document names them. */
export const deadLetterSchemas = {
  DeadLetter: {
    type: 'object',
    description: 'A notification that no receiver took.',
    required: [
      'id',
      'callId',
      'type',
      'url',
      'state',
      'error',
      'failedAt',
      'resends',
      'resentAt',
      'deliveredAt',
    ],
    properties: {
      id: { type: 'string', description: 'Its webhook-id, the same whenever it is sent.' },
      callId: { type: 'string' },
      type: { type: 'string', enum: [...notifyEvents] },
      url: { type: 'string', description: 'The notifyUrl, whole.' },
      state: { type: 'string', enum: ['dead', 'delivered'] },
      error: { type: 'string', description: 'What the last try met.' },
      failedAt: { ...time, description: 'When it was given up, last.' },
      resends: { type: 'integer', minimum: 0, description: 'How many times somebody had it sent again.' },
      resentAt: timeOrNull,
      deliveredAt: timeOrNull,
    },
  },
  DeadLetterPage: {
    type: 'object',
    required: ['deadLetters', 'nextCursor'],
    properties: {
      deadLetters: { type: 'array', items: ref('DeadLetter') },
      nextCursor: { type: ['string', 'null'], description: 'Null on the last page.' },
    },
    example: { deadLetters: [], nextCursor: null },
  },
  Resend: {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'string' } },
    example: { id: exampleLetter },
  },
};

/** The routes of dead letters, as the document describes them. */
export const deadLetterRouteDocs: RouteDoc[] = [
  {
    method: 'get',
    path: '/dead-letters',
    secured: true,
    operationId: 'listDeadLetters',
    tags: ['Notifications'],
    summary: 'List notifications that no receiver took',
    description: 'Newest first. The outcome of each call is on record all the same.',
    parameters: [
      { ...query('callId', 'Those of one call.', { type: 'string', minLength: 1 }), example: exampleId },
      query('state', 'Those that still are dead, or those that were delivered after all.', {
        type: 'string',
        enum: ['dead', 'delivered'],
      }),
      query('limit', 'Dead letters per page.', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      query('cursor', 'nextCursor of the page before.', { type: 'string', minLength: 1 }),
    ],
    responses: {
      200: { description: 'One page of dead letters.', content: jsonContent(ref('DeadLetterPage')) },
      ...refusals('invalid-request', 'store-unavailable'),
    },
  },
  {
    method: 'post',
    path: '/dead-letters/{id}/resend',
    secured: true,
    operationId: 'resendDeadLetter',
    tags: ['Notifications'],
    summary: 'Send a dead letter again',
    description:
      'Posted to the same URL under the same webhook-id, again and again for a day until it is taken.',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The id of the dead letter, which is its webhook-id.',
        schema: { type: 'string', minLength: 1 },
        example: exampleLetter,
      },
    ],
    responses: {
      202: { description: 'It is being sent.', content: jsonContent(ref('Resend')) },
      ...refusals('no-such-dead-letter', 'resend-conflict', 'too-large'),
      ...refusals('temporal-unavailable', 'store-unavailable'),
    },
  },
];
