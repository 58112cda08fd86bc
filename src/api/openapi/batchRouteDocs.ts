import { jsonContent, query, type RouteDoc, ref, refusals } from './routeDocs.js';

export const exampleBatchId = 'batch-0f8fad5b-d9cb-469f-a165-70867728950e';
const location = {
  Location: { description: 'Where the batch is to be read.', schema: { type: 'string', format: 'uri' } },
};
const started = {
  batchId: exampleBatchId,
  total: 2,
  url: `https://ringtrue.example/batches/${exampleBatchId}`,
};

const batchId = {
  name: 'batchId',
  in: 'path',
  required: true,
  description: 'The batch id, which is the Temporal workflow id.',
  schema: { type: 'string', minLength: 1 },
  example: exampleBatchId,
};

const key = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Names this batch: the same key never starts a second one.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
  example: 'appointments-2026-03-02',
};

const startResponses = {
  202: {
    description: 'The batch was begun.',
    headers: location,
    content: jsonContent(ref('StartedBatch'), started),
  },
  200: {
    description: 'The batch that this Idempotency-Key began before.',
    headers: location,
    content: jsonContent(ref('StartedBatch'), started),
  },
};

const csv = 'to,metadata.order\n+15005551200,4711\n+15005552486,4712\n';

export const batchRouteDocs: RouteDoc[] = [
  {
    method: 'post',
    path: '/batches',
    secured: true,
    operationId: 'startBatch',
    tags: ['Batches'],
    summary: 'Start many calls',
    description:
      'Each row is checked before anything is stored or dialed; one that is not right refuses them all, and `faults` names row and column. With CSV the parameters come in the query, with JSON in the body.',
    parameters: [
      key,
      query('name', 'With CSV: a name for people.', { type: 'string', maxLength: 200 }),
      query('window', 'With CSV: how many calls may run at a time.', {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: 100,
      }),
      query('paused', 'With CSV: nothing is dialed before the batch is resumed.', { type: 'boolean' }),
      query('unique', 'With CSV: a number that comes twice is a fault.', { type: 'string', enum: ['to'] }),
      query('defaults', 'With CSV: what every call has unless its row says otherwise; JSON.', {
        type: 'string',
      }),
      query('delimiter', 'With CSV: what is between the cells.', {
        type: 'string',
        enum: [',', ';', 'tab'],
        default: ',',
      }),
    ],
    requestBody: {
      required: true,
      content: {
        ...jsonContent(ref('BatchRequest')),
        'text/csv': { schema: { type: 'string' }, example: csv },
      },
    },
    responses: {
      ...startResponses,
      ...refusals('not-json', 'bad-request', 'key-reused', 'too-large', 'unsupported-media-type'),
      ...refusals('invalid-request', 'temporal-unavailable', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/batches',
    secured: true,
    operationId: 'listBatches',
    tags: ['Batches'],
    summary: 'List batches',
    description: 'Newest first.',
    parameters: [
      query('limit', 'Batches per page.', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      query('cursor', 'nextCursor of the page before.', { type: 'string', minLength: 1 }),
    ],
    responses: {
      200: { description: 'One page of batches.', content: jsonContent(ref('BatchPage')) },
      ...refusals('invalid-request', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/batches/{batchId}',
    secured: true,
    operationId: 'readBatch',
    tags: ['Batches'],
    summary: 'Where a batch stands',
    parameters: [batchId],
    responses: {
      200: { description: 'Where the batch stands.', content: jsonContent(ref('Batch')) },
      ...refusals('no-such-batch', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/batches/{batchId}/results',
    secured: true,
    operationId: 'batchResults',
    tags: ['Batches'],
    summary: 'What became of each row',
    parameters: [
      batchId,
      query('limit', 'Rows per page.', { type: 'integer', minimum: 1, maximum: 1000, default: 200 }),
      query('cursor', 'nextCursor of the page before.', { type: 'string', minLength: 1 }),
    ],
    responses: {
      200: { description: 'One page of rows, in their order.', content: jsonContent(ref('BatchResultPage')) },
      ...refusals('no-such-batch', 'invalid-request', 'store-unavailable'),
    },
  },
  {
    method: 'get',
    path: '/batches/{batchId}/results.csv',
    secured: true,
    operationId: 'batchResultsCsv',
    tags: ['Batches'],
    summary: 'What became of all rows, as CSV',
    description: 'An answer that breaks off is not the whole: ask again.',
    parameters: [batchId],
    responses: {
      200: {
        description: 'All rows, in their order.',
        content: { 'text/csv': { schema: { type: 'string' } } },
      },
      ...refusals('no-such-batch', 'store-unavailable'),
    },
  },
  ...(
    [
      ['pause', 'Start no further call', 'The batch starts no further call; those that run go on.'],
      ['resume', 'Go on after a pause', 'The batch goes on.'],
      ['cancel', 'Cancel a batch', 'Nothing more is started, and the calls that run are being canceled.'],
    ] as const
  ).map(
    ([what, summary, description]): RouteDoc => ({
      method: 'post',
      path: `/batches/{batchId}/${what}`,
      secured: true,
      operationId: `${what}Batch`,
      tags: ['Batches'],
      summary,
      parameters: [batchId],
      ...(what === 'cancel'
        ? {
            requestBody: {
              required: false,
              content: jsonContent(
                {
                  type: 'object',
                  additionalProperties: false,
                  properties: { reason: { type: 'string', maxLength: 500 } },
                },
                { reason: 'the wrong file' },
              ),
            },
          }
        : {}),
      responses: {
        202: { description, headers: location, content: jsonContent(ref('Batch')) },
        ...refusals('no-such-batch', 'batch-conflict', 'too-large'),
        ...(what === 'cancel' ? refusals('not-json', 'unsupported-media-type', 'invalid-request') : {}),
        ...refusals('temporal-unavailable', 'store-unavailable'),
      },
    }),
  ),
  {
    method: 'post',
    path: '/redials',
    secured: true,
    operationId: 'startRedial',
    tags: ['Batches'],
    summary: 'Dial again what a query finds',
    description:
      'A new batch of the recorded calls that fit, each with its original request. Of each number the newest call counts; a number that was answered later, or is being called now, is left out.',
    parameters: [key],
    requestBody: { required: true, content: jsonContent(ref('RedialRequest')) },
    responses: {
      ...startResponses,
      200: {
        description:
          'With dryRun: what would be dialed. Or the batch that this Idempotency-Key began before.',
        content: jsonContent({ oneOf: [ref('RedialPreview'), ref('StartedBatch')] }),
      },
      ...refusals('not-json', 'no-such-batch', 'key-reused', 'too-large', 'unsupported-media-type'),
      ...refusals('invalid-request', 'temporal-unavailable', 'store-unavailable'),
    },
  },
];
