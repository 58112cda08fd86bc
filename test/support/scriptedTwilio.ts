import { randomUUID } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** A Call resource as Twilio sends it: with every field, null if not known. */
export type CallResource = Record<string, unknown> & { sid: string; status: string };

export interface Create {
  form: URLSearchParams;
  /** Makes the call, as Twilio does before it answers. */
  make(): CallResource;
}

/**
 * A Twilio server on real HTTP whose answers the test decides, for moments that the simulator cannot produce
 * on command. `answerCreate` and the others may return a Response, wait, or cut the connection.
 */
export interface ScriptedTwilio {
  url: string;
  creates: URLSearchParams[];
  /** Every request, as `METHOD path`, in order. */
  requests: string[];
  calls: CallResource[];
  /** A call that nobody here created. */
  makeCall(form: Record<string, string>): CallResource;
  answerCreate: (create: Create) => Response | Promise<Response>;
  answerFetch: (call: CallResource | undefined) => Response | Promise<Response>;
  answerList: (calls: CallResource[]) => Response | Promise<Response>;
  answerUpdate: (call: CallResource, status: string) => Response | Promise<Response>;
  answerLookup: (number: string, fields: string | null) => Response | Promise<Response>;
  notifications: Record<string, unknown>[];
  close(): Promise<void>;
}

/** Thrown by an answer to cut the connection without a response. */
export const cutConnection = Symbol('cut the connection');

export async function startScriptedTwilio(): Promise<ScriptedTwilio> {
  const app = new Hono<{ Bindings: { incoming: import('node:http').IncomingMessage } }>();
  const twilio: ScriptedTwilio = {
    url: '',
    creates: [],
    requests: [],
    calls: [],
    makeCall(form) {
      const call = callResource(new URLSearchParams(form));
      twilio.calls.unshift(call);
      return call;
    },
    notifications: [],
    answerCreate: ({ make }) => created(make()),
    answerFetch: (call) => (call ? json(200, call) : twilioError(404, 20404, 'not found')),
    answerList: (calls) => json(200, { calls, next_page_uri: null, page: 0, page_size: 50 }),
    answerUpdate: (call, status) => json(200, Object.assign(call, { status })),
    answerLookup: (number) => json(200, lookupAnswer(number, {})),
    close: async () => {},
  };

  app.use(async (c, next) => {
    twilio.requests.push(`${c.req.method} ${c.req.path.replace(/^.*\/Accounts\/[^/]+/, '')}`);
    await next();
  });
  app.post('/2010-04-01/Accounts/:account/Calls.json', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    twilio.creates.push(form);
    const make = () => {
      const call = callResource(form);
      twilio.calls.unshift(call);
      return call;
    };
    return twilio.answerCreate({ form, make });
  });
  app.get('/2010-04-01/Accounts/:account/Calls.json', (c) =>
    twilio.answerList(
      twilio.calls.filter(
        (call) => call.to === c.req.query('To') && [call.from, undefined].includes(c.req.query('From')),
      ),
    ),
  );
  app.get('/2010-04-01/Accounts/:account/Calls/:sid/Notifications.json', () =>
    json(200, { notifications: twilio.notifications, next_page_uri: null, page: 0, page_size: 50 }),
  );
  app.get('/2010-04-01/Accounts/:account/Calls/:sid/Events.json', () =>
    json(200, { events: [], next_page_uri: null, page: 0, page_size: 50 }),
  );
  const find = (file: string) => twilio.calls.find((call) => `${call.sid}.json` === file);
  app.get('/2010-04-01/Accounts/:account/Calls/:file', (c) => twilio.answerFetch(find(c.req.param('file'))));
  app.post('/2010-04-01/Accounts/:account/Calls/:file', async (c) => {
    const call = find(c.req.param('file'));
    const status = new URLSearchParams(await c.req.text()).get('Status') ?? '';
    return call ? twilio.answerUpdate(call, status) : twilioError(404, 20404, 'not found');
  });
  app.get('/v2/PhoneNumbers/:number', (c) =>
    twilio.answerLookup(c.req.param('number'), c.req.query('Fields') ?? null),
  );
  app.onError((error, c) => {
    if ((error as unknown as { cause?: unknown }).cause === cutConnection) c.env.incoming.socket.destroy();
    return json(500, { code: 20500, message: error.message, more_info: '', status: 500 });
  });

  await new Promise<void>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
      twilio.url = `http://127.0.0.1:${port}`;
      resolve();
    });
    twilio.close = () =>
      new Promise((done) => {
        server.close(() => done());
        (server as import('node:http').Server).closeAllConnections();
      });
  });
  return twilio;
}

/** An answer that cuts the connection without a byte. */
export function cut(): never {
  throw new Error('connection cut', { cause: cutConnection });
}

export function created(call: CallResource): Response {
  return json(201, call);
}

export function twilioError(
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return json(
    status,
    { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
    headers,
  );
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export function lookupAnswer(number: string, over: Record<string, unknown>): Record<string, unknown> {
  return {
    calling_country_code: '1',
    country_code: 'US',
    phone_number: number,
    national_format: number,
    valid: true,
    validation_errors: null,
    caller_name: null,
    sim_swap: null,
    call_forwarding: null,
    line_status: null,
    line_type_intelligence: null,
    identity_match: null,
    reassigned_number: null,
    sms_pumping_risk: null,
    phone_number_quality_score: null,
    pre_fill: null,
    url: `https://lookups.twilio.com/v2/PhoneNumbers/${number}`,
    ...over,
  };
}

/** A queued call that is made now. */
export function callResource(form: URLSearchParams): CallResource {
  const sid = `CA${randomUUID().replaceAll('-', '')}`;
  return {
    sid,
    status: 'queued',
    to: form.get('To'),
    from: form.get('From'),
    direction: 'outbound-api',
    date_created: new Date().toUTCString().replace('GMT', '+0000'),
    date_updated: null,
    start_time: null,
    end_time: null,
    duration: null,
    price: null,
    price_unit: 'USD',
    answered_by: null,
    account_sid: 'AC00000000000000000000000000000000',
    parent_call_sid: null,
    phone_number_sid: null,
    group_sid: null,
    trunk_sid: null,
    api_version: '2010-04-01',
    forwarded_from: null,
    caller_name: null,
    queue_time: '0',
    to_formatted: null,
    from_formatted: null,
    uri: `/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls/${sid}.json`,
    subresource_uris: {},
  };
}
