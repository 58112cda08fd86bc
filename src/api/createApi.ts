import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { whyNotPublic } from '../config/configurationReader.js';
import { accessFor } from './access/accessFor.js';
import { clientRateLimit } from './access/rateLimit.js';
import { isBatchUpload } from './batches/startBatch.js';
import { isCodecRequest, limitCodecBody } from './codec/codecRoutes.js';
import { isImport } from './do-not-call/doNotCallRoutes.js';
import type { ApiDependencies, ApiEnv, ApiTools } from './http/apiDependencies.js';
import { apiMetrics } from './http/apiMetrics.js';
import { limitBody } from './http/limitBody.js';
import { invalidRequest, problem, problemOf } from './http/problem.js';
import { readQuery } from './http/queryParameters.js';
import { standardRateLimits } from './http/rateLimits.js';
import { requestLog } from './http/requestLog.js';
import type { Route } from './http/route.js';
import { addOperationsPage } from './operations-page/operationsPage.js';
import { apiPageAsset, contentSecurityPolicy } from './pages.js';
import { routes } from './routes.js';
import { redirectedCallback } from './twilio-webhook/redirectedCallback.js';
import { statusCallbackRoute } from './twilio-webhook/statusCallback.js';
import { baseOf } from './twilio-webhook/twilioSignature.js';

const bodyLimitBytes = 64 * 1024;
/** Twilio's callbacks have some 1 KiB. Anyone can send one, and checking the signature reads all of it. */
const callbackLimitBytes = 16 * 1024;

/** The first segments of all routes that are not open. */
const protectedPrefixes = new Set(
  routes.filter(({ open }) => !open).map(({ path }) => path.split('/', 2).join('/')),
);

/** The Hono app: the calls API, Twilio's webhook and the pages. Does not listen. */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnv> {
  const rateLimits = { ...standardRateLimits, ...dependencies.rateLimits };
  const { apiTokens, publicUrl, codecOrigins = [] } = dependencies;
  const access = accessFor(apiTokens, rateLimits);
  const measures = apiMetrics(dependencies.metrics);
  const answerBase = publicUrl !== null && whyNotPublic(publicUrl) === null ? baseOf(publicUrl) : null;
  // Not strict: /calls/ is /calls.
  const app = new Hono<ApiEnv>({ strict: false });
  const inner: ApiTools['inner'] = async (request) => app.fetch(request, { inner: true });
  const tools: ApiTools = { ...dependencies, rateLimits, measures, access, inner };

  app.use(requestId());
  app.use(requestLog(tools));
  // With no-referrer, the standard of `secureHeaders`, browsers name the origin `null` when a form is sent.
  // Source: Fetch, "append a request `Origin` header".
  app.use(secureHeaders({ contentSecurityPolicy, referrerPolicy: 'same-origin' }));
  // `new Request` refuses such a URL, so everything after this would fail.
  app.use(async (c, next) =>
    /^\w+:\/\/[^/?#]*@/.test(c.req.url)
      ? problem(c, 'bad-request', 'A request target must not have a user name or password. Leave them out.')
      : next(),
  );
  app.use((c, next) => {
    c.set('answerBase', answerBase);
    return next();
  });
  // Before access is checked: a browser asks without a token.
  if (codecOrigins.length > 0)
    app.use('/codec/*', cors({ origin: [...codecOrigins], allowMethods: ['POST'], maxAge: 600 }));
  // Before the next one, which would make 405 of its 404.
  app.use(honoPath(statusCallbackRoute), redirectedCallback(tools));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        problem(c, 'method-not-allowed', `This path serves only ${methods.join(', ')}.`, {
          headers: { Allow: methods.join(', ') },
        }),
    }),
  );
  app.notFound((c) => problem(c, 'not-found', 'This path does not exist. GET /docs shows all paths.'));
  app.onError((error, c) => problemOf(c, error, tools.log));

  const rateLimit = clientRateLimit(rateLimits.requestsPerSecond);
  // Whole prefixes, so that a path below them that has no route does not answer without a token either.
  // Hono's pattern /calls/* matches /calls too.
  const codecAccess = accessFor(apiTokens, rateLimits, codecOrigins);
  for (const prefix of protectedPrefixes)
    app.use(`${prefix}/*`, prefix === '/codec' ? codecAccess.guard : access.guard);
  for (const prefix of protectedPrefixes) if (prefix !== '/metrics') app.use(`${prefix}/*`, rateLimit);
  const limitOrdinary = limitBody(bodyLimitBytes, (c) =>
    problem(c, 'too-large', `A body may have at most ${bodyLimitBytes} bytes.`),
  );
  const limitCallback = limitBody(callbackLimitBytes, (c) => {
    measures.callbacks.inc({ result: 'malformed' });
    return problem(c, 'too-large', `A status callback may have at most ${callbackLimitBytes} bytes.`);
  });
  app.use(honoPath(statusCallbackRoute), limitCallback);
  app.use((c, next) => (isCodecRequest(c) ? limitCodecBody(c, next) : next()));
  app.use((c, next) =>
    isCodecRequest(c) || isImport(c) || isBatchUpload(c) ? next() : limitOrdinary(c, next),
  );

  for (const route of routes) {
    const { roles, parameters = [] } = route;
    const serve = route.serve(tools);
    // A parameter that only another route knows would otherwise be ignored in silence.
    const isPlain = roles !== undefined && !parameters.some((parameter) => parameter.in === 'query');
    app.on(route.method.toUpperCase(), honoPath(route), (c) => {
      if (!roles) return serve(c);
      const query = isPlain ? readQuery(c, {}) : null;
      const refusal = access.refusal(c, roles);
      return refusal ?? (query && 'faults' in query ? invalidRequest(c, query.faults) : serve(c));
    });
  }
  app.get('/docs/:file', apiPageAsset);
  addOperationsPage(app, tools);
  return app;
}

/** The path of a route as Hono writes it. */
function honoPath({ path }: Route): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
