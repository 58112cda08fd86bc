import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import type { AccountEngines } from '../calls/accountEngines.js';
import { controlView } from '../calls/controlView.js';
import { numberRows, showcase } from '../numbers/numbers.js';
import type { SimulatorEnv } from './brokenAnswers.js';

/**
 * What Twilio does not have: the table of numbers, what was dialed, accounts that are refused, and a reset. Loopback only, without
 * credentials.
 */
export function controlApi(engines: AccountEngines): Hono<SimulatorEnv> {
  const api = new Hono<SimulatorEnv>();

  api.use(async (c, next) => {
    const address = getConnInfo(c).remote.address ?? '';
    if (/^(::ffff:)?127\./.test(address) || address === '::1') return next();
    return c.json({ message: 'The control paths of the simulator answer loopback only.' }, 403);
  });

  api.get('/numbers', (c) => c.json({ numbers: numberRows, showcase }));

  api.get('/calls', (c) =>
    c.json({
      dialed: engines.all().flatMap(({ book }) => book.tallies()),
      calls: engines.all().flatMap(({ book }) => book.all().map(controlView)),
    }),
  );

  api.post('/reset', (c) => {
    engines.reset();
    return c.body(null, 204);
  });

  api.post('/accounts/:sid', async (c) => {
    const account = engines.accounts().find(({ accountSid }) => accountSid === c.req.param('sid'));
    if (account === undefined) return c.json({ message: 'The simulator has no such account.' }, 404);
    const { refusal } = (await c.req.json().catch(() => ({}))) as { refusal?: unknown };
    if (refusal !== null && !(typeof refusal === 'number' && Number.isInteger(refusal)))
      return c.json({ message: 'refusal must be a code of Twilio, such as 20003, or null.' }, 422);
    engines.of(account).refusalCode = refusal;
    return c.body(null, 204);
  });

  return api;
}
