import { z } from 'zod';
import { jsonContent, type Route } from './http/route.js';

const healthSchema = z.object({ alive: z.literal(true) }).meta({ id: 'Health' });
const readinessSchema = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) })
  .meta({ id: 'Readiness', example: { ready: true, checks: { temporal: 'ok', store: 'ok' } } });

/** Health, readiness and metrics. */
export const operationRoutes: Route[] = [
  {
    method: 'get',
    path: '/healthz',
    open: true,
    tag: 'Operation',
    operationId: 'alive',
    summary: 'Check that the process is alive',
    answers: { 200: { description: 'It is alive.', content: jsonContent(healthSchema) } },
    serve: () => (c) => c.json({ alive: true }),
  },
  {
    method: 'get',
    path: '/readyz',
    open: true,
    tag: 'Operation',
    operationId: 'ready',
    summary: 'Check that the API can serve',
    answers: {
      200: { description: 'It can.', content: jsonContent(readinessSchema) },
      503: { description: 'It cannot. `checks` says why.', content: jsonContent(readinessSchema) },
    },
    serve: (tools) => async (c) => {
      const readiness = await tools.readiness();
      return c.json(readiness, readiness.ready ? 200 : 503);
    },
  },
  {
    method: 'get',
    path: '/metrics',
    tag: 'Operation',
    operationId: 'metrics',
    summary: 'Read metrics for Prometheus',
    answers: {
      200: { description: 'Prometheus text.', content: { 'text/plain': { schema: { type: 'string' } } } },
    },
    serve: (tools) => async (c) => {
      c.header('Content-Type', tools.metrics.contentType);
      return c.body(await tools.metrics.metrics());
    },
  },
];
