import { z } from 'zod';
import { answerReadiness } from './access/answerReadiness.js';
import { jsonContent, type Route, rolesFor } from './http/route.js';

const healthSchema = z.object({ alive: z.literal(true) }).meta({ id: 'Health' });
const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.string()).exactOptional().meta({
      description: 'Each part: `ok`, or what is wrong. Only for clients that may use the calls API.',
    }),
  })
  .meta({ id: 'Readiness', example: { ready: true, checks: { temporal: 'ok', store: 'ok' } } });

const readinessAnswers = {
  200: { description: 'It can.', content: jsonContent(readinessSchema) },
  503: { description: 'It cannot. `checks` says why.', content: jsonContent(readinessSchema) },
};

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
    summary: 'Check that the API can serve everything',
    answers: readinessAnswers,
    serve: (tools) => async (c) => answerReadiness(tools.access, c, await tools.readiness()),
  },
  {
    method: 'get',
    path: '/readyz/callbacks',
    open: true,
    tag: 'Operation',
    operationId: 'readyForCallbacks',
    summary: "Check that the API can take Twilio's status callbacks",
    description: 'They need Temporal alone, so this answers 200 while the outcome store is not available.',
    answers: readinessAnswers,
    serve: (tools) => async (c) => {
      const { temporal = 'is not checked' } = (await tools.readiness('temporal')).checks;
      return answerReadiness(tools.access, c, { ready: temporal === 'ok', checks: { temporal } });
    },
  },
  {
    method: 'get',
    path: '/metrics',
    roles: rolesFor.readingCalls,
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
