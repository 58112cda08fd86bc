import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Readiness } from '../process/readiness.js';

/** What a worker serves over HTTP: whether it lives, whether it can work, and what it counted. */
export function workerEndpoints(parts: {
  readiness: Readiness;
  metrics: Registry;
  /** Where Temporal's core serves its own metrics; they are shown together with ours. */
  coreMetricsUrl: string;
}): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ alive: true }));
  app.get('/readyz', async (c) => {
    const { ready, checks } = await parts.readiness.check();
    return c.json({ ready, checks }, ready ? 200 : 503);
  });
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
