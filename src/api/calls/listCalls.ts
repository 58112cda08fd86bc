import { z } from 'zod';
import type { CallFilter } from '../../../activities/store/calls/callStore.js';
import { answerers, callStates, reachabilities } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import { parseRfc3339 } from '../../../workflows/rules/rfc3339.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { nextCursor, pageParameters, readPageQuery } from '../http/page.js';
import { numberParameter, oneOf, type QueryParameter, textParameter } from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
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
    return 'refusal' in page ? page.refusal : c.json(await tools.store.listCalls(filterOf(page.query)));
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

function timeParameter(description: string): QueryParameter {
  return {
    right:
      'an RFC 3339 time with offset such as 2026-01-31T09:00:00Z, a date such as 2026-01-31, or how long ago such as 24h',
    holds: (text) => timeOf(text) !== null,
    description: `${description} An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d.`,
    schema: { type: 'string', examples: ['2026-01-31T09:00:00Z', '2026-01-31', '24h'] },
  };
}

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** ISO 8601 UTC; null if the text is no time, date or duration. */
function timeOf(text: string): string | null {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return new Date(Date.now() - Number(count) * (secondsOf[unit] as number) * 1000).toISOString();
  // The time as it came: it may be exact to the microsecond.
  if (parseRfc3339(text) !== null) return text;
  return parseRfc3339(`${text}T00:00:00Z`);
}
