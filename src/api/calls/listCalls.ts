import { z } from 'zod';
import type { CallFilter } from '../../../activities/store/calls/callStore.js';
import { answerers, callStates, reachabilities } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { nextCursor, pageParameters, readPageQuery } from '../http/page.js';
import {
  numberParameter,
  oneOf,
  type QueryParameter,
  textParameter,
  timeOf,
  timeParameter,
} from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { callAnswer } from './callAnswer.js';
import { callAnswerSchema } from './callAnswerSchema.js';

const metadataPrefix = 'metadata.';

const filters = {
  outcome: oneOf(outcomes, 'Only calls with this outcome.'),
  state: oneOf(callStates, 'Only calls in this state.'),
  reachability: oneOf(reachabilities, 'Only calls whose number has this reachability.'),
  answeredBy: oneOf(answerers, 'Only calls that were answered so. Needs machine detection.'),
  to: numberParameter('Only calls to this number. Write its + as %2B.'),
  batch: textParameter('a batch id', 'Only calls that this batch started.'),
  'metadata.KEY': {
    right: 'text',
    holds: () => true,
    description: 'Only calls whose metadata has this text under KEY. May be given for several keys.',
    schema: { type: 'string' },
  },
  since: timeParameter('Only calls that started at this time or later.'),
  until: timeParameter('Only calls that started before this time.'),
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
    const { calls, nextCursor } = await tools.store.listCalls(filterOf(page.query));
    return c.json({ calls: calls.map(callAnswer), nextCursor });
  };
}

function filterOf({ limit, ...texts }: { limit: number } & Record<string, unknown>): CallFilter {
  const { since, until, ...others } = texts as Record<string, string>;
  const isMetadata = ([name]: [string, string]) => name.startsWith(metadataPrefix);
  const entries = Object.entries(others);
  const metadata = entries
    .filter(isMetadata)
    .map(([name, text]) => [name.slice(metadataPrefix.length), text]);
  return {
    ...Object.fromEntries(entries.filter((entry) => !isMetadata(entry))),
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) as Record<string, string> }),
    ...(since === undefined ? {} : { since: timeOf(since) as string }),
    ...(until === undefined ? {} : { until: timeOf(until) as string }),
    limit,
  };
}
