import { z } from 'zod';
import { isBulkOver } from '../../../workflows/bulk/bulkProgress.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { idempotencyKey, keyFaults } from '../http/idempotencyKey.js';
import { bodyProblems, emptyBodySchema, readBody, readJson } from '../http/jsonBody.js';
import { nextCursor, pageParameters, readPageQuery } from '../http/page.js';
import { invalidRequest, problem } from '../http/problem.js';
import { oneOf, readQuery } from '../http/queryParameters.js';
import { callIdIn, resourceUrl } from '../http/requestTarget.js';
import {
  jsonContent,
  locationOf,
  type Parameter,
  queryParameters,
  type Route,
  rolesFor,
} from '../http/route.js';
import {
  bulkPreviewSchema,
  bulkProgressSchema,
  bulkRequestSchema,
  checkBulkRequest,
  exampleOperationId,
} from './bulkSchema.js';
import { forecastBulk, startBulk } from './startBulk.js';

const queryOfStart = {
  dryRun: oneOf(['true', 'false'], 'true: changes nothing, and shows what would happen.'),
};
const listFilters = pageParameters('Bulk operations', { standard: 50, most: 200 });
const operationIdInPath: Parameter = {
  name: 'operationId',
  in: 'path',
  required: true,
  description: 'The id of the bulk operation, which is its Temporal workflow id.',
  schema: { type: 'string', minLength: 1 },
  example: exampleOperationId,
};

const bulkPageSchema = z
  .object({ operations: z.array(bulkProgressSchema), nextCursor: nextCursor() })
  .meta({ id: 'BulkOperationPage', example: { operations: [], nextCursor: null } });

const bulkAnswer = {
  headers: locationOf('bulk operation'),
  content: jsonContent(bulkProgressSchema),
};

export const bulkRoutes: Route[] = [
  {
    method: 'post',
    path: '/bulk-operations',
    roles: rolesFor.changingCalls,
    tag: 'Bulk operations',
    operationId: 'startBulkOperation',
    summary: 'Cancel, retry, pause or resume all calls of a filter',
    description:
      'Controls every unfinished call that the filter shows, one after the other. Calls that are requested later do not belong to it.',
    parameters: [
      idempotencyKey('bulk operation', 'cancel-wrong-announcement'),
      ...queryParameters(queryOfStart),
    ],
    body: { required: true, content: jsonContent(bulkRequestSchema) },
    answers: {
      200: {
        description:
          'With dryRun: what would happen. Otherwise: the operation that this Idempotency-Key started before.',
        content: jsonContent(z.union([bulkPreviewSchema, bulkProgressSchema])),
      },
      202: { description: 'The operation has begun.', ...bulkAnswer },
    },
    problems: [...bodyProblems, 'key-reused', 'bulk-conflict', 'temporal-unavailable', 'store-unavailable'],
    serve: startOperation,
  },
  {
    method: 'get',
    path: '/bulk-operations',
    roles: rolesFor.readingCalls,
    tag: 'Bulk operations',
    operationId: 'listBulkOperations',
    summary: 'List bulk operations',
    description: 'Newest first.',
    parameters: queryParameters(listFilters),
    answers: { 200: { description: 'One page of them.', content: jsonContent(bulkPageSchema) } },
    problems: ['invalid-request', 'store-unavailable'],
    serve: listOperations,
  },
  {
    method: 'get',
    path: '/bulk-operations/{operationId}',
    roles: rolesFor.readingCalls,
    tag: 'Bulk operations',
    operationId: 'readBulkOperation',
    summary: 'Read how far a bulk operation is',
    parameters: [operationIdInPath],
    answers: { 200: { description: 'The operation.', content: jsonContent(bulkProgressSchema) } },
    problems: ['no-such-bulk-operation', 'store-unavailable'],
    serve: readOperation,
  },
  {
    method: 'post',
    path: '/bulk-operations/{operationId}/stop',
    roles: rolesFor.changingCalls,
    tag: 'Bulk operations',
    operationId: 'stopBulkOperation',
    summary: 'Stop a bulk operation',
    description: 'No further call is controlled. What was done stays.',
    parameters: [operationIdInPath],
    body: { required: false, content: jsonContent(emptyBodySchema) },
    answers: { 202: { description: 'It stops within a second.', ...bulkAnswer } },
    problems: ['no-such-bulk-operation', 'bulk-conflict', ...bodyProblems, 'store-unavailable'],
    serve: stopOperation,
  },
];

function startOperation(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const key = c.req.header('Idempotency-Key');
    const read = readQuery(c, queryOfStart);
    const isDryRun = 'query' in read && read.query.dryRun === 'true';
    const checked = checkBulkRequest(json.body, { isDryRun });
    const faults = [
      ...('faults' in checked ? checked.faults : []),
      ...('faults' in read ? read.faults : []),
      ...keyFaults(key),
    ];
    if (faults.length > 0 || 'faults' in checked) return invalidRequest(c, faults);
    const { request } = checked;
    if (isDryRun) return c.json(await forecastBulk(tools, request));
    const by = c.get('client') ?? null;
    const started = await startBulk(tools, request, { key, by });
    switch (started.kind) {
      case 'refused':
        return problem(c, 'bulk-conflict', `${started.why} Nothing was changed.`);
      case 'key-reused':
        return problem(
          c,
          'key-reused',
          'This Idempotency-Key belongs to a different request, so nothing was changed. Use a new key, or repeat the first request unchanged.',
        );
      default: {
        const { progress } = started;
        tools.log.info(
          { operationId: progress.operationId, action: progress.action, by },
          'a bulk operation was requested',
        );
        c.header('Location', resourceUrl(c, `/bulk-operations/${encodeURIComponent(progress.operationId)}`));
        return c.json(progress, started.kind === 'started' ? 202 : 200);
      }
    }
  };
}

function listOperations(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, listFilters);
    return 'refusal' in page ? page.refusal : c.json(await tools.store.listBulkOperations(page.query));
  };
}

function readOperation(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const found = await findOperation(tools, c);
    return found === null ? noSuchOperation(c) : c.json(found.progress);
  };
}

function stopOperation(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, emptyBodySchema, { optional: true });
    if ('refusal' in body) return body.refusal;
    const found = await findOperation(tools, c);
    if (found === null) return noSuchOperation(c);
    const { operationId, state } = found.progress;
    if (isBulkOver(found.progress))
      return problem(
        c,
        'bulk-conflict',
        `The bulk operation is already over (${state}). Nothing was changed.`,
      );
    const by = c.get('client') ?? null;
    await tools.store.stopBulkOperation({ operationId, by });
    tools.log.info({ operationId, by }, 'a bulk operation was stopped');
    c.header('Location', resourceUrl(c, `/bulk-operations/${encodeURIComponent(operationId)}`));
    return c.json((await tools.store.findBulkOperation(operationId))?.progress ?? found.progress, 202);
  };
}

async function findOperation(tools: ApiTools, c: ApiContext) {
  const operationId = callIdIn(c, 2);
  return operationId === null ? null : tools.store.findBulkOperation(operationId);
}

function noSuchOperation(c: ApiContext): Response {
  return problem(
    c,
    'no-such-bulk-operation',
    'There is no bulk operation with this id. Check the id, or see GET /bulk-operations.',
  );
}
