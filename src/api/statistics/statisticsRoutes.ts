import type { StatisticsQuery } from '../../../activities/store/statistics/callStatistics.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest } from '../http/problem.js';
import {
  numberParameter,
  type QueryParameter,
  readQuery,
  textParameter,
  timeOf,
  timeParameter,
} from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { statisticsReport } from './statisticsReport.js';
import { statisticsSchema, waitingSchema } from './statisticsSchema.js';
import { waitingReport } from './waitingReport.js';

const standardPeriod = '24h';

/** The parameters of `GET /statistics`, and of the page that shows it. */
export const statisticsFilters = {
  since: timeParameter(`Only calls requested since this hour. Absent: ${standardPeriod}.`),
  until: timeParameter('Only calls requested until the end of this hour. Absent: now.'),
  batch: textParameter('a batch id', 'Only calls that this batch started.'),
  from: numberParameter('Only calls from this caller id. Write its + as %2B.'),
} satisfies Record<string, QueryParameter>;

export const statisticsRoutes: Route[] = [
  {
    method: 'get',
    path: '/statistics',
    roles: rolesFor.readingCalls,
    tag: 'Statistics',
    operationId: 'readStatistics',
    summary: 'Read what became of the calls of a period',
    description:
      'Counts calls by the hour in which they were requested: the period is widened to whole hours.',
    parameters: queryParameters(statisticsFilters),
    answers: { 200: { description: 'The counts.', content: jsonContent(statisticsSchema) } },
    problems: ['invalid-request', 'store-unavailable'],
    serve: readStatistics,
  },
  {
    method: 'get',
    path: '/statistics/waiting',
    roles: rolesFor.readingCalls,
    tag: 'Statistics',
    operationId: 'readWaiting',
    summary: 'Read why calls are not ringing',
    description: 'Groups every waiting call by the reason for which it waits, as it was last recorded.',
    answers: { 200: { description: 'The reasons, most calls first.', content: jsonContent(waitingSchema) } },
    problems: ['store-unavailable'],
    serve: (tools) => async (c) => c.json(await waitingReport(tools)),
  },
];

function readStatistics(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, statisticsFilters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const query = statisticsQueryOf(parsed.query);
    if (Date.parse(query.since) > Date.parse(query.until))
      return invalidRequest(c, [{ path: 'since', message: 'is later than until; must be earlier' }]);
    return c.json(await statisticsReport(tools.store, query));
  };
}

/** The query of now, from the texts of its parameters. */
export function statisticsQueryOf({
  since = standardPeriod,
  until,
  ...scope
}: Partial<Record<keyof typeof statisticsFilters, string>>): StatisticsQuery {
  return {
    since: timeOf(since) as string,
    until: until === undefined ? new Date().toISOString() : (timeOf(until) as string),
    ...scope,
  };
}
