import { z } from 'zod';
import type { FeedEvent } from '../../../activities/store/events/eventFeed.js';
import { attemptSchema, callOutcomeSchema, exampleCallId } from '../calls/callAnswerSchema.js';

const common = {
  id: z.string().meta({ description: 'The cursor after this event.' }),
  at: z.string().meta({ format: 'date-time', description: 'When it was recorded.' }),
  callId: z.string(),
};

const eventSchema = z
  .discriminatedUnion('type', [
    z.object({ ...common, type: z.literal('attempt.ended'), data: attemptSchema }),
    z.object({ ...common, type: z.literal('call.ended'), data: callOutcomeSchema }),
  ])
  .meta({ id: 'Event', description: 'The end of an attempt, or of a call.' });

/** What `GET /events` answers. */
export const eventPageSchema = z
  .object({
    events: z.array(eventSchema),
    next: z.string().meta({ description: 'The cursor for the next request, as `after`. Always there.' }),
  })
  .meta({ id: 'EventPage', example: { events: [], next: '42-1796119200000000' } });

/** An event as a stream writes it. */
export const exampleFrame = `id: 42-1796119200000000
event: call.ended
data: {"id":"42-1796119200000000","type":"call.ended","at":"2026-12-01T10:00:00.000000Z","callId":"${exampleCallId}","data":{}}

`;

/** Compiles only while the description and the type say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
true satisfies Same<Plain<z.output<typeof eventSchema>>, Plain<FeedEvent>>;
