import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import type { CallEngine } from '../calls/callEngine.js';
import { currentOf, type SimulatedCall } from '../calls/simulatedCall.js';
import { numberRows, showcase } from '../numbers/numbers.js';
import type { SimulatorEnv } from './brokenAnswers.js';

/**
 * What Twilio does not have: the table of numbers, what was dialed, and a reset. Loopback only, without
 * credentials.
 */
export function controlApi(engine: CallEngine): Hono<SimulatorEnv> {
  const api = new Hono<SimulatorEnv>();

  api.use(async (c, next) => {
    const address = getConnInfo(c).remote.address ?? '';
    if (/^(::ffff:)?127\./.test(address) || address === '::1') return next();
    return c.json({ message: 'The control paths of the simulator answer loopback only.' }, 403);
  });

  api.get('/numbers', (c) => c.json({ numbers: numberRows, showcase }));

  api.get('/calls', (c) =>
    c.json({ dialed: engine.book.tallies(), calls: engine.book.all().map(controlView) }),
  );

  api.post('/reset', (c) => {
    engine.reset();
    return c.body(null, 204);
  });

  return api;
}

/** A call as it really is, whatever reads and callbacks say. */
function controlView(call: SimulatedCall) {
  const { status, startedAt, answeredAt, endedAt, durationSeconds, answeredBy, sip } = currentOf(call);
  return {
    sid: call.sid,
    to: call.request.to,
    from: call.request.from,
    statusCallback: call.request.statusCallback?.url ?? null,
    pattern: call.behavior.pattern,
    status,
    sipResponseCode: sip,
    answeredBy,
    durationSeconds,
    createdAt: call.createdAt,
    startedAt,
    answeredAt,
    endedAt,
    eventsFired: call.eventsFired,
    callbacksSent: call.callbacksSent,
    notifications: call.notifications.map(({ code, text }) => ({ code, text })),
  };
}
