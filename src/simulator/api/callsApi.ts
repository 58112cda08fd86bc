import { type Context, Hono } from 'hono';
import type { CallRecord } from '../calls/callBook.js';
import type { CallEngine } from '../calls/callEngine.js';
import { notificationResource, notificationsOf } from '../calls/notification.js';
import { currentOf, isOver } from '../calls/simulatedCall.js';
import { refusalOf } from '../twilioErrors.js';
import { hang, refused, type SimulatorEnv } from './brokenAnswers.js';
import { eventResource, eventsOf } from './callEvents.js';
import { callFilter } from './callList.js';
import { callResource, seenCall } from './callResource.js';
import { createCall } from './createCall.js';
import { pageOf } from './page.js';
import { updateCall } from './updateCall.js';

type RequestContext = Context<SimulatorEnv>;

/** Twilio's Calls resource and its subresources, below `/2010-04-01/Accounts/{AccountSid}`. */
export function callsApi(engine: CallEngine): Hono<SimulatorEnv> {
  const api = new Hono<SimulatorEnv>();
  const { book, clock, unconfirmed } = engine;

  const missing = (c: RequestContext) =>
    refused(c, refusalOf(20404, { message: `The requested resource ${c.req.path} was not found` }));

  const recordOf = (c: RequestContext): CallRecord | null =>
    book.find((c.req.param('file') ?? '').replace(/\.json$/, ''));
  const parent = (c: RequestContext): CallRecord | null => {
    const found = book.find(c.req.param('sid') ?? '');
    return found && seenCall(found.call, clock) ? found : null;
  };

  /** The faulty answer to this read; null if nothing goes wrong. Faults are counted for each `subject`. */
  const troubled = (c: RequestContext, to: string, subject: string): Promise<Response> | Response | null => {
    const { fault, times } = engine.behaviorOf(to).readFault;
    const faults: string[] = ['too-many-requests', 'server-error', 'hang'];
    if (!faults.includes(fault) || !book.isAmongFirst(times, 'read', subject)) return null;
    if (fault === 'hang') return hang(c);
    return refused(c, refusalOf(fault === 'server-error' ? 20500 : 20429));
  };

  api.post('/Calls.json', (c) => createCall(c, engine));

  api.get('/Calls.json', (c) => {
    const query = new URL(c.req.url).searchParams;
    const to = query.get('To');
    const trouble = to && troubled(c, to, `list ${to}`);
    if (trouble) return trouble;
    const filtered = callFilter(query, unconfirmed);
    if ('refusal' in filtered) return refused(c, filtered.refusal);
    const seen = book
      .all()
      .map((call) => seenCall(call, clock))
      .filter((one) => one !== null)
      .filter(filtered.filter);
    const page = pageOf(
      seen,
      { path: c.req.path, query },
      { name: 'calls', idOf: ({ call }) => call.sid, shown: callResource },
    );
    return 'refusal' in page ? refused(c, page.refusal) : c.json(page.body);
  });

  api.get('/Calls/:file{CA[0-9a-fA-F]{32}\\.json}', (c) => {
    const found = recordOf(c);
    const trouble = found && troubled(c, found.call.request.to, found.call.sid);
    if (trouble) return trouble;
    const seen = found && seenCall(found.call, clock);
    return seen ? c.json(callResource(seen)) : missing(c);
  });

  api.post('/Calls/:file{CA[0-9a-fA-F]{32}\\.json}', async (c) => {
    const found = recordOf(c);
    if (!found || found.call.behavior.readFault.fault === 'never-found') return missing(c);
    const refusal = updateCall(found, new URLSearchParams(await c.req.text()), engine);
    if (refusal) return refused(c, refusal);
    const moment = currentOf(found.call);
    return c.json(
      callResource(seenCall(found.call, clock) ?? { call: found.call, moment, status: moment.status }),
    );
  });

  api.delete('/Calls/:file{CA[0-9a-fA-F]{32}\\.json}', (c) => {
    const found = recordOf(c);
    if (!found) return missing(c);
    if (!isOver(found.call)) return refused(c, refusalOf(20009));
    book.remove(found.call.sid);
    return c.body(null, 204);
  });

  api.get('/Calls/:sid/Notifications.json', (c) => {
    const found = parent(c);
    if (!found) return missing(c);
    const query = new URL(c.req.url).searchParams;
    const page = pageOf(
      notificationsOf(found.call, { log: query.get('Log'), date: query.get('MessageDate') }),
      { path: c.req.path, query },
      {
        name: 'notifications',
        idOf: ({ sid }) => sid,
        shown: (one) => notificationResource(found.call, one),
      },
    );
    return 'refusal' in page ? refused(c, page.refusal) : c.json(page.body);
  });

  api.get('/Calls/:sid/Events.json', (c) => {
    const found = parent(c);
    if (!found) return missing(c);
    const events = eventsOf(found.call, clock, unconfirmed);
    const page = pageOf(
      events,
      { path: c.req.path, query: new URL(c.req.url).searchParams },
      {
        name: 'events',
        idOf: (record) => String(events.indexOf(record)),
        shown: (record) => eventResource(record, unconfirmed),
      },
    );
    return 'refusal' in page ? refused(c, page.refusal) : c.json(page.body);
  });

  return api;
}
