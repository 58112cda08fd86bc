import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import type { CallEngine } from '../calls/callEngine.js';
import { controlView } from '../calls/controlView.js';
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
