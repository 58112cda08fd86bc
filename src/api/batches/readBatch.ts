import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { pageParameters, readPageQuery } from '../http/page.js';
import { problem } from '../http/problem.js';
import { callIdIn } from '../http/requestTarget.js';
import { jsonContent, type Parameter, queryParameters, type Route, rolesFor } from '../http/route.js';
import {
  batchPageSchema,
  batchProgressSchema,
  batchResultPageSchema,
  exampleBatchId,
} from './batchAnswerSchema.js';
import { resultsCsv } from './resultsCsv.js';

const batchFilters = pageParameters('Batches', { standard: 50, most: 200 });
const resultFilters = pageParameters('Rows', { standard: 200, most: 1000 });

export const batchIdInPath: Parameter = {
  name: 'batchId',
  in: 'path',
  required: true,
  description: 'The batch id, which is the Temporal workflow id.',
  schema: { type: 'string', minLength: 1 },
  example: exampleBatchId,
};

export const readBatchRoutes: Route[] = [
  {
    method: 'get',
    path: '/batches',
    roles: rolesFor.readingCalls,
    tag: 'Batches',
    operationId: 'listBatches',
    summary: 'List batches',
    description: 'Newest first.',
    parameters: queryParameters(batchFilters),
    answers: { 200: { description: 'One page of batches.', content: jsonContent(batchPageSchema) } },
    problems: ['invalid-request', 'store-unavailable'],
    serve: listBatches,
  },
  {
    method: 'get',
    path: '/batches/{batchId}',
    roles: rolesFor.readingCalls,
    tag: 'Batches',
    operationId: 'readBatch',
    summary: 'Read the state of a batch',
    parameters: [batchIdInPath],
    answers: { 200: { description: 'The state of the batch.', content: jsonContent(batchProgressSchema) } },
    problems: ['no-such-batch', 'store-unavailable'],
    serve: readBatch,
  },
  {
    method: 'get',
    path: '/batches/{batchId}/results',
    roles: rolesFor.readingCalls,
    tag: 'Batches',
    operationId: 'batchResults',
    summary: 'Read the result of each row',
    parameters: [batchIdInPath, ...queryParameters(resultFilters)],
    answers: {
      200: { description: 'One page of rows, by row number.', content: jsonContent(batchResultPageSchema) },
    },
    problems: ['no-such-batch', 'invalid-request', 'store-unavailable'],
    serve: batchResults,
  },
  {
    method: 'get',
    path: '/batches/{batchId}/results.csv',
    roles: rolesFor.readingCalls,
    tag: 'Batches',
    operationId: 'batchResultsCsv',
    summary: 'Read the results of all rows as CSV',
    description: 'If the answer breaks off, it is not complete: repeat the request.',
    parameters: [batchIdInPath],
    answers: {
      200: {
        description: 'All rows, by row number.',
        content: { 'text/csv': { schema: { type: 'string' } } },
      },
    },
    problems: ['no-such-batch', 'store-unavailable'],
    serve: batchResultsCsv,
  },
];

function listBatches(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, batchFilters);
    return 'refusal' in page ? page.refusal : c.json(await tools.store.listBatches(page.query));
  };
}

function readBatch(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const found = await findBatch(tools, c);
    return found === null ? noSuchBatch(c) : c.json(found.progress);
  };
}

function batchResults(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, resultFilters);
    if ('refusal' in page) return page.refusal;
    const { limit, cursor = '0' } = page.query;
    if (!/^\d{1,8}$/.test(cursor)) throw new InvalidCursor('No page of results gave out this cursor.');
    const found = await findBatch(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId, counts } = found.progress;
    const results = await tools.store.batchResults(batchId, { after: Number(cursor), limit });
    const last = results.at(-1)?.row ?? counts.total;
    return c.json({ results, nextCursor: last < counts.total ? String(last) : null });
  };
}

/** All rows with the state that they have when they are read. */
function batchResultsCsv(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const found = await findBatch(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId } = found.progress;
    const lines = resultsCsv(tools.store, batchId, found.metadataNames);
    c.header('Content-Type', 'text/csv; charset=utf-8; header=present');
    c.header('Content-Disposition', `attachment; filename="${batchId.replaceAll(/[^\w.-]/g, '_')}.csv"`);
    // A failure in the middle breaks the answer off, so that no client takes a part for the whole.
    return c.body(ReadableStream.from(lines).pipeThrough(new TextEncoderStream()));
  };
}

/** The batch in the path; null if there is none. */
export async function findBatch(tools: ApiTools, c: ApiContext) {
  const batchId = callIdIn(c, 2);
  return batchId === null ? null : tools.store.findBatch(batchId);
}

export function noSuchBatch(c: ApiContext): Response {
  return problem(c, 'no-such-batch', 'There is no batch with this id. Check the id, or see GET /batches.');
}
