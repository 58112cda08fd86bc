import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import type { Registry } from 'prom-client';
import { accessFor } from '../api/access/accessFor.js';
import { answerReadiness } from '../api/access/answerReadiness.js';
import type { ApiEnv } from '../api/http/apiDependencies.js';
import type { ApiToken } from '../config/apiTokens.js';
import type { Readiness } from '../process/readiness.js';

/**
 * The HTTP endpoints of a worker: `/healthz`, `/readyz` and `/metrics`. As with the API, metrics and what is
 * not ready are for clients with a token, or for this machine if there are none.
 */
export function workerEndpoints(parts: {
  readiness: Pick<Readiness, 'check'>;
  metrics: Registry;
  /** Where Temporal's core serves its metrics, which are shown together with ours. */
  coreMetricsUrl: string;
  /** `RINGTRUE_API_TOKENS` */
  tokens: readonly ApiToken[];
}): Hono<ApiEnv> {
  const access = accessFor(parts.tokens);
  const app = new Hono<ApiEnv>({ strict: false });
  app.use(requestId());
  app.get('/healthz', (c) => c.json({ alive: true }));
  app.get('/readyz', async (c) => answerReadiness(access, c, await parts.readiness.check()));
  app.use('/metrics', access.guard);
  app.get('/metrics', async (c) => {
    const core = await fetch(parts.coreMetricsUrl, { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.text(),
      () => '',
    );
    return c.body(`${await parts.metrics.metrics()}${core}`, 200, {
      'Content-Type': parts.metrics.contentType,
    });
  });
  return app;
}
