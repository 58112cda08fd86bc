import { Counter, Histogram, type Registry } from 'prom-client';

/** The result of one status callback. */
export type CallbackResult =
  | 'signaled'
  | 'stored'
  | 'already-over'
  | 'forged'
  | 'unconfigured-account'
  | 'no-such-call'
  | 'malformed'
  | 'temporal-unavailable';

export interface ApiMetrics {
  requests: Counter<'method' | 'route' | 'status'>;
  requestSeconds: Histogram<'method' | 'route'>;
  callbacks: Counter<'result'>;
  callsStarted: Counter;
}

/**
 * Registers the API's metrics. The label `route` is the pattern, so that ids and numbers never become labels.
 */
export function apiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'ringtrue_http_requests_total',
      help: 'HTTP requests answered, by route pattern.',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'ringtrue_http_request_duration_seconds',
      help: 'Seconds until the answer, by route pattern. Includes reads that wait (?wait=).',
      labelNames: ['method', 'route'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
      registers,
    }),
    callbacks: new Counter({
      name: 'ringtrue_status_callbacks_total',
      help: "Twilio's status callbacks, by result.",
      labelNames: ['result'],
      registers,
    }),
    callsStarted: new Counter({
      name: 'ringtrue_calls_started_total',
      help: 'Calls accepted over HTTP, without repeats of an Idempotency-Key.',
      registers,
    }),
  };
}
