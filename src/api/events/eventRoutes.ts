import {
  feedEnd,
  feedStart,
  isEventCursor,
  readEventCursor,
} from '../../../activities/store/events/eventCursor.js';
import type { EventPage } from '../../../activities/store/events/eventFeed.js';
import { show } from '../../../activities/validation/fault.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { pageParameters } from '../http/page.js';
import { invalidRequest } from '../http/problem.js';
import { type QueryParameter, readQuery, waitParameter } from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { whileWanted } from '../http/whileWanted.js';
import { eventPageSchema, exampleFrame } from './eventSchema.js';
import { eventStream } from './eventStream.js';
import { newEvents } from './newEvents.js';

const after: QueryParameter = {
  right: `the next of an earlier answer, the id of an event, or ${feedEnd}`,
  holds: isEventCursor,
  description: `Where to go on: \`next\` of the answer before, or the \`id\` of an event. Without it, the oldest event that is kept comes first. \`${feedEnd}\`: only events from now on.`,
  schema: { type: 'string' },
};
const lastEventId = 'Last-Event-ID';

const { limit } = pageParameters('Events', { standard: 100, most: 1000 });
const wait = waitParameter('Waits so many seconds for an event if there is none yet.');
const filters = { after, limit, wait: wait.parameter };

export const eventRoutes: Route[] = [
  {
    method: 'get',
    path: '/events',
    roles: rolesFor.readingCalls,
    tag: 'Events',
    operationId: 'readEvents',
    summary: 'Read the event feed',
    description:
      'Every end of an attempt and of a call, in one sequence that never changes. With `Accept: text/event-stream` the answer is a stream that does not end.',
    parameters: [
      ...queryParameters(filters),
      {
        name: lastEventId,
        in: 'header',
        description: 'As `after`, and takes precedence. Clients of a stream send it when they connect again.',
        schema: after.schema,
      },
    ],
    answers: {
      200: {
        description: 'Events, oldest first.',
        content: {
          ...jsonContent(eventPageSchema),
          'text/event-stream': { schema: { type: 'string' }, example: exampleFrame },
        },
      },
    },
    problems: ['invalid-request', 'lost-cursor', 'store-unavailable'],
    serve: readEvents,
  },
];

function readEvents(tools: ApiTools) {
  const news = newEvents(tools.store);
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, filters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const header = c.req.header(lastEventId) ?? '';
    if (header !== '' && !after.holds(header))
      return invalidRequest(c, [
        { path: lastEventId, message: `is ${show(header)}; must be ${after.right}` },
      ]);
    const { query } = parsed;
    const limit = Number(query.limit ?? filters.limit.schema.default);
    const first = await tools.store.readEvents({ after: header || (query.after ?? feedStart), limit });
    if (/\btext\/event-stream\b/.test(c.req.header('Accept') ?? ''))
      return eventStream(tools, c, { first, limit, news });
    const seconds = wait.secondsOf(query.wait);
    const isAnswer = first.events.length > 0 || seconds === 0;
    const { events, next } = isAnswer ? first : await nextPage(c, first, seconds, limit);
    return c.json({ events, next });
  };

  /** The page once there is an event. The empty one if none comes in time. */
  function nextPage(c: ApiContext, empty: EventPage, seconds: number, limit: number): Promise<EventPage> {
    return whileWanted(tools, c, async (signal) => {
      const { position } = readEventCursor(empty.next);
      const isThere = await news.after(position, seconds * 1000, signal);
      return isThere ? tools.store.readEvents({ after: empty.next, limit }) : empty;
    });
  }
}
