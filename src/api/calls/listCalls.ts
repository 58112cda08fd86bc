import { z } from 'zod';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { nextCursor, pageParameters, readPageQuery } from '../http/page.js';
import type { QueryParameter } from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { callAnswer } from './callAnswer.js';
import { callAnswerSchema } from './callAnswerSchema.js';
import { callFilters, type FilterTexts, selectionOf } from './callFilters.js';

const filters = {
  ...callFilters,
  ...pageParameters('Calls', { standard: 50, most: 200 }),
} satisfies Record<string, QueryParameter>;

const callPageSchema = z
  .object({
    calls: z.array(callAnswerSchema),
    nextCursor: nextCursor(),
  })
  .meta({ id: 'CallPage', example: { calls: [], nextCursor: null } });

export const listCallsRoute: Route = {
  method: 'get',
  path: '/calls',
  roles: rolesFor.readingCalls,
  tag: 'Calls',
  operationId: 'listCalls',
  summary: 'List calls',
  description: 'Recorded calls, newest first. A call is recorded when a worker begins it.',
  parameters: queryParameters(filters),
  answers: { 200: { description: 'One page of calls.', content: jsonContent(callPageSchema) } },
  problems: ['invalid-request', 'store-unavailable'],
  serve: listCalls,
};

function listCalls(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, filters);
    if ('refusal' in page) return page.refusal;
    const { limit, cursor, ...texts } = page.query as { limit: number; cursor?: string } & FilterTexts;
    const { calls, nextCursor } = await tools.store.listCalls({
      ...selectionOf(texts),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    return c.json({ calls: calls.map(callAnswer), nextCursor });
  };
}
