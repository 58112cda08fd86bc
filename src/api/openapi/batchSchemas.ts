import { outcomes } from '../../../workflows/callRequest.js';
import { exampleBatchId } from './batchRouteDocs.js';
import { ref } from './routeDocs.js';

const partialRequest = {
  type: 'object',
  description: 'Any fields of a CallRequest but `to`.',
  example: { twiml: '<Response><Say>Your table is ready.</Say></Response>', retry: 'standard' },
};
const batchFields = {
  name: { type: 'string', minLength: 1, maxLength: 200, description: 'For people.' },
  window: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000,
    default: 100,
    description: 'At most so many of its calls run at a time.',
  },
  paused: { type: 'boolean', description: 'Nothing is dialed before it is resumed.' },
};
const integer = { type: 'integer' };
const time = { type: 'string', format: 'date-time' };

/** Schemas of the document that only batches need, beside those of the answers. */
export const batchSchemas = {
  BatchRequest: {
    type: 'object',
    required: ['calls'],
    additionalProperties: false,
    properties: {
      ...batchFields,
      unique: { type: 'string', enum: ['to'], description: 'A number that comes twice is a fault.' },
      defaults: partialRequest,
      calls: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', required: ['to'], description: 'A CallRequest, laid over the defaults.' },
      },
    },
    example: {
      name: 'Appointments of 2 March',
      defaults: { twiml: '<Response><Say>See you tomorrow.</Say></Response>' },
      calls: [{ to: '+15005551200', metadata: { order: '4711' } }, { to: '+15005552486' }],
    },
  },
  StartedBatch: {
    type: 'object',
    required: ['batchId', 'total', 'url'],
    properties: {
      batchId: { type: 'string' },
      total: { ...integer, description: 'Calls in it.' },
      url: { type: 'string', format: 'uri', description: 'Where the batch is to be read.' },
    },
  },
  BatchPage: {
    type: 'object',
    required: ['batches', 'nextCursor'],
    properties: {
      batches: { type: 'array', items: ref('Batch') },
      nextCursor: { type: ['string', 'null'], description: 'Null on the last page.' },
    },
  },
  BatchResultPage: {
    type: 'object',
    required: ['results', 'nextCursor'],
    properties: {
      results: { type: 'array', items: ref('BatchResult') },
      nextCursor: { type: ['string', 'null'], description: 'Null on the last page.' },
    },
  },
  RedialRequest: {
    type: 'object',
    additionalProperties: false,
    description: 'At least one of `batch`, `outcome`, `reachability`, `to`, `since` and `until` is needed.',
    properties: {
      batch: { type: 'string', description: 'Calls of this batch.' },
      outcome: { type: 'array', minItems: 1, items: { type: 'string', enum: [...outcomes] } },
      reachability: { type: 'array', minItems: 1, items: { type: 'string' } },
      to: { type: 'string' },
      since: { ...time, description: 'Started at this time or later.' },
      until: { ...time, description: 'Started before this time.' },
      overrides: { ...partialRequest, description: 'Laid over each original request.' },
      ...batchFields,
      dryRun: { type: 'boolean', description: 'Only tells what would be dialed.' },
    },
    example: { batch: exampleBatchId, outcome: ['busy', 'no-answer'], dryRun: true },
  },
  RedialPreview: {
    type: 'object',
    required: ['total', 'withoutRequest', 'sample'],
    properties: {
      total: { ...integer, description: 'Calls that would be dialed again.' },
      withoutRequest: { ...integer, description: 'Calls that fit, and whose request is not on record.' },
      sample: {
        type: 'array',
        description: 'The first ten.',
        items: {
          type: 'object',
          required: ['callId', 'to', 'startedAt'],
          properties: { callId: { type: 'string' }, to: { type: 'string' }, startedAt: time },
        },
      },
    },
  },
};
