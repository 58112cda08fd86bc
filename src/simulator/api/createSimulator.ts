import { Hono } from 'hono';
import type { CallEngine } from '../calls/callEngine.js';
import type { SimulatorOptions } from '../simulatorOptions.js';
import { refusalOf } from '../twilioErrors.js';
import { accountApi } from './accountApi.js';
import { isAuthorized } from './basicAuth.js';
import { refused, type SimulatorEnv } from './brokenAnswers.js';
import { callsApi } from './callsApi.js';
import { controlApi } from './controlApi.js';
import { lookupApi } from './lookupApi.js';

/** The simulator as an HTTP application: Twilio's paths with Basic auth, and the control paths without. */
export function createSimulator(options: SimulatorOptions, engine: CallEngine): Hono<SimulatorEnv> {
  const app = new Hono<SimulatorEnv>();
  const pairs: [string, string][] = [
    [options.accountSid, options.authToken],
    ...(options.apiKeys ?? []).map(({ sid, secret }): [string, string] => [sid, secret]),
  ];

  app.get('/healthz', (c) => c.json({ alive: true }));
  app.route('/simulator', controlApi(engine));

  app.use(async (c, next) => {
    if (isAuthorized(c.req.header('Authorization'), pairs)) return next();
    return refused(c, refusalOf(20003));
  });
  app.route('/', accountApi(engine));
  app.route(`/2010-04-01/Accounts/${options.accountSid}`, callsApi(engine));
  app.route('/', lookupApi(engine));

  app.notFound((c) =>
    refused(c, refusalOf(20404, { message: `The requested resource ${c.req.path} was not found` })),
  );
  app.onError((error, c) => {
    options.log?.(`${c.req.method} ${c.req.path} failed: ${error.stack ?? error.message}`);
    return refused(c, refusalOf(20500));
  });
  return app;
}
