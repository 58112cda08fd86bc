import { type Context, Hono } from 'hono';
import type { AccountEngines } from '../calls/accountEngines.js';
import type { CallEngine } from '../calls/callEngine.js';
import type { SimulatedAccount, SimulatorOptions } from '../simulatorOptions.js';
import { refusalOf } from '../twilioErrors.js';
import { accountApi } from './accountApi.js';
import { isAuthorized } from './basicAuth.js';
import { refused, type SimulatorEnv } from './brokenAnswers.js';
import { callsApi } from './callsApi.js';
import { controlApi } from './controlApi.js';
import { lookupApi } from './lookupApi.js';

/**
 * The simulator as an HTTP application: Twilio's paths with Basic auth, and the control paths without. Each account has its
 * own credentials and its own calls. Lookup goes by the account of the credentials.
 */
export function createSimulator(options: SimulatorOptions, engines: AccountEngines): Hono<SimulatorEnv> {
  const app = new Hono<SimulatorEnv>();
  const apis = new Map<CallEngine, Hono<SimulatorEnv>>();
  const apiOf = (engine: CallEngine) => {
    const api = apis.get(engine) ?? everythingOf(options, engine);
    apis.set(engine, api);
    return api;
  };

  app.get('/healthz', (c) => c.json({ alive: true }));
  app.route('/simulator', controlApi(engines));

  app.all('*', (c) => {
    const sid = /^\/2010-04-01\/Accounts\/([^/.]+)[/.]/.exec(c.req.path)?.[1];
    const admitting = engines
      .accounts()
      .filter((one) => isAuthorized(c.req.header('Authorization'), credentialsOf(one)));
    if (admitting.length === 0) return refused(c, refusalOf(20003));
    const account = admitting.find(({ accountSid }) => sid === undefined || accountSid === sid);
    if (account === undefined) return notFound(c);
    const engine = engines.of(account);
    if (engine.refusalCode !== null) return refused(c, refusalOf(engine.refusalCode));
    return apiOf(engine).fetch(c.req.raw, c.env);
  });
  return app;
}

/** What one account sees. */
function everythingOf(options: SimulatorOptions, engine: CallEngine): Hono<SimulatorEnv> {
  const api = new Hono<SimulatorEnv>();
  api.route('/', accountApi(engine));
  api.route(`/2010-04-01/Accounts/${engine.accountSid}`, callsApi(engine));
  api.route('/', lookupApi(engine));
  api.notFound(notFound);
  api.onError((error, c) => {
    options.log?.(`${c.req.method} ${c.req.path} failed: ${error.stack ?? error.message}`);
    return refused(c, refusalOf(20500));
  });
  return api;
}

function notFound(c: Context<SimulatorEnv>): Response {
  return refused(c, refusalOf(20404, { message: `The requested resource ${c.req.path} was not found` }));
}

function credentialsOf({ accountSid, authToken, apiKeys = [] }: SimulatedAccount): [string, string][] {
  return [[accountSid, authToken], ...apiKeys.map(({ sid, secret }): [string, string] => [sid, secret])];
}
