import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { batchResults, batchResultsCsv } from './batches/batchResults.js';
import { controlBatch } from './batches/controlBatch.js';
import { listBatches, readBatch } from './batches/readBatch.js';
import { startBatch } from './batches/startBatch.js';
import { startRedial } from './batches/startRedial.js';
import { controlCall } from './calls/controlCall.js';
import { controlNames } from './calls/controlRoutes.js';
import { listCalls } from './calls/listCalls.js';
import { readCall } from './calls/readCall.js';
import { startCall } from './calls/startCall.js';
import { listDeadLetters, resendDeadLetter } from './dead-letters/deadLetters.js';
import { pauseDialing, readDialing, resumeDialing, setLimits } from './dialing/dialing.js';
import {
  addToDoNotCall,
  isImport,
  listDoNotCall,
  purgeDoNotCall,
  readDoNotCallEntry,
  removeFromDoNotCall,
} from './do-not-call/doNotCallList.js';
import { forgetInvalidNumber, listInvalidNumbers, readInvalidNumber } from './do-not-call/invalidNumbers.js';
import type { ApiContext, ApiDependencies, ApiEnv, ApiTools } from './http/apiDependencies.js';
import { apiMetrics } from './http/apiMetrics.js';
import { bearerAuth } from './http/bearerAuth.js';
import { onlyLocal } from './http/onlyLocal.js';
import { problem, problemOf } from './http/problem.js';
import { clientRateLimit, standardRateLimits } from './http/rateLimit.js';
import { requestLog } from './http/requestLog.js';
import { openApiDocument } from './openapi/openApiDocument.js';
import { apiPage, apiPageAsset, contentSecurityPolicy, frontPage } from './pages.js';
import { statusCallback } from './twilio-webhook/statusCallback.js';

const bodyLimitBytes = 64 * 1024;

/** The Hono server: the calls API, Twilio's webhook, and the pages. Listens nowhere by itself. */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnv> {
  const rateLimits = { ...standardRateLimits, ...dependencies.rateLimits };
  const tools: ApiTools = { ...dependencies, rateLimits, measures: apiMetrics(dependencies.metrics) };
  const app = new Hono<ApiEnv>();

  app.use(requestId());
  app.use(requestLog(tools));
  app.use(secureHeaders({ contentSecurityPolicy }));
  // No Request can be made of such a URL, so that anything after this would fail.
  app.use(async (c, next) =>
    /^\w+:\/\/[^/?#]*@/.test(c.req.url)
      ? problem(c, 'bad-request', 'A request target has no user name and no password; leave them out.')
      : next(),
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        problem(c, 'method-not-allowed', `Here only ${methods.join(', ')} can be served.`, {
          headers: { Allow: methods.join(', ') },
        }),
    }),
  );
  app.notFound((c) =>
    problem(c, 'not-found', 'Nothing is served under this path; GET /docs shows everything that is.'),
  );
  app.onError((error, c) => problemOf(c, error, tools.log));

  const auth = tools.apiTokens.length > 0 ? bearerAuth(tools.apiTokens, rateLimits) : onlyLocal();
  const rateLimit = clientRateLimit(rateLimits.requestsPerSecond);
  app.use('/metrics', auth);
  // Hono's pattern fits /calls itself too.
  const own = [
    '/calls',
    '/batches',
    '/redials',
    '/dead-letters',
    '/do-not-call',
    '/invalid-numbers',
    '/dialing',
  ];
  for (const path of own) app.use(`${path}/*`, auth, rateLimit);
  const limitBody = bodyLimit({
    maxSize: bodyLimitBytes,
    onError: (c) => problem(c, 'too-large', `A body may have ${bodyLimitBytes} bytes at most.`),
  });
  // What is read as it comes in knows its own limit.
  const isBatch = (c: ApiContext) => c.req.method === 'POST' && c.req.path === '/batches';
  app.use((c, next) => (isImport(c) || isBatch(c) ? next() : limitBody(c, next)));

  app.post('/calls', startCall(tools));
  app.get('/calls', listCalls(tools));
  app.get('/calls/:callId', readCall(tools));
  for (const control of controlNames) app.post(`/calls/:callId/${control}`, controlCall(tools, control));

  app.get('/do-not-call', listDoNotCall(tools));
  app.post('/do-not-call', addToDoNotCall(tools));
  app.post('/do-not-call/purge', purgeDoNotCall(tools));
  app.get('/do-not-call/:number', readDoNotCallEntry(tools));
  app.delete('/do-not-call/:number', removeFromDoNotCall(tools));
  app.get('/invalid-numbers', listInvalidNumbers(tools));
  app.get('/invalid-numbers/:number', readInvalidNumber(tools));
  app.delete('/invalid-numbers/:number', forgetInvalidNumber(tools));
  app.get('/dialing', readDialing(tools));
  app.patch('/dialing/limits', setLimits(tools));
  app.post('/dialing/pause', pauseDialing(tools));
  app.post('/dialing/resume', resumeDialing(tools));

  app.get('/dead-letters', listDeadLetters(tools));
  app.post('/dead-letters/:id/resend', resendDeadLetter(tools));

  app.post('/batches', startBatch(tools));
  app.get('/batches', listBatches(tools));
  app.get('/batches/:batchId', readBatch(tools));
  app.get('/batches/:batchId/results', batchResults(tools));
  app.get('/batches/:batchId/results.csv', batchResultsCsv(tools));
  app.post('/batches/:batchId/pause', controlBatch(tools, 'pause'));
  app.post('/batches/:batchId/resume', controlBatch(tools, 'resume'));
  app.post('/batches/:batchId/cancel', controlBatch(tools, 'cancel'));
  app.post('/redials', startRedial(tools));

  app.post('/twilio/status/:callId/:attempt', statusCallback(tools));

  app.get('/healthz', (c) => c.json({ alive: true }));
  app.get('/readyz', async (c) => {
    const readiness = await tools.readiness();
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/metrics', async (c) => {
    c.header('Content-Type', tools.metrics.contentType);
    return c.body(await tools.metrics.metrics());
  });

  const document = openApiDocument(tools.apiTokens.length > 0);
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/docs', apiPage);
  app.get('/docs/:file', apiPageAsset);
  app.get('/', frontPage(tools));
  return app;
}
