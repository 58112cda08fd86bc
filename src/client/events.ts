import type { EventPage } from './apiTypes.js';
import type { CallOptions, Transport } from './transport.js';

/** Which events are read. */
export interface EventQuery {
  /** `next` of the answer before, the `id` of an event, or `latest`. Absent: the oldest event that is kept comes first. */
  after?: string | undefined;
  /** 1..1000; 100 when absent. */
  limit?: number | undefined;
  /** Waits so many seconds, up to 60, for an event if there is none yet. */
  waitSeconds?: number | undefined;
}

/** `ringtrue.events`: every end of an attempt and of a call, in one sequence that never changes. */
export class EventsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Throws `ProblemError` with status 410 if the feed cannot go on after this cursor without a gap. */
  async read(
    { after, limit, waitSeconds }: EventQuery = {},
    { signal }: CallOptions = {},
  ): Promise<EventPage> {
    const query = { after, limit, wait: waitSeconds };
    return (await this.#transport.json<EventPage>({ method: 'GET', path: '/events', query, signal })).body;
  }
}
