import type { CallFilter } from '../../../activities/store/calls/callStore.js';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import { isRfc3339 } from '../../../activities/validation/callRequestSchema.js';
import { callStates } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest } from '../http/problem.js';
import { isCursor, isLimit, isNumber, isOneOf, readQuery, unknownCursor } from '../http/queryParameters.js';

const isTime = { right: 'an RFC 3339 time with offset, such as 2026-01-31T09:00:00Z', holds: isRfc3339 };

/** What each query parameter of `GET /calls` must be. */
const filters = {
  outcome: isOneOf(outcomes),
  state: isOneOf(callStates),
  to: isNumber,
  batch: { right: 'a batch id', holds: (text: string) => text !== '' },
  since: isTime,
  until: isTime,
  limit: isLimit(200),
  cursor: isCursor,
};

const standardLimit = 50;

/** `GET /calls`: recorded calls, newest first. Calls that no worker has taken up yet are not among them. */
export function listCalls(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, filters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { limit, ...texts } = parsed.query;
    try {
      const filter = { ...texts, limit: Number(limit ?? standardLimit) } as CallFilter;
      return c.json(await tools.store.listCalls(filter));
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [unknownCursor(parsed.query.cursor)]);
    }
  };
}
