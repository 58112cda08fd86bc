import { Counter, Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from '../../src/process/httpServer.js';
import { Readiness } from '../../src/process/readiness.js';
import { workerEndpoints } from '../../src/worker/workerEndpoints.js';

const token = 'a-token-of-24-characters';
const trouble = 'database.internal:5432 cannot be reached';

async function served(texts: string[]) {
  const tokens = texts.map((token) => ({ name: token, role: 'read' as const, token }));
  const readiness = new Readiness();
  let probes = 0;
  readiness.probe('store', async () => {
    probes++;
    throw new Error(trouble);
  });
  const metrics = new Registry();
  new Counter({ name: 'ringtrue_things_total', help: 'Things.', registers: [metrics] });
  const app = workerEndpoints({ readiness, metrics, coreMetricsUrl: 'http://127.0.0.1:1/metrics', tokens });
  const server = await listen(app, { host: '127.0.0.1', port: 0, what: 'worker', variable: 'PORT' });
  onTestFinished(() => server.close());
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { headers });
  return { get, probes: () => probes };
}

const forwarded = { 'X-Forwarded-For': '203.0.113.7' };
const right = { Authorization: `Bearer ${token}` };

it.each<[string, string[], Record<string, string>, number | null]>([
  ['no tokens, from this machine: everything', [], {}, null],
  ['no tokens, through a proxy: whether it is ready, and no metrics', [], forwarded, 403],
  ['with tokens, without one: whether it is ready, and no metrics', [token], {}, 401],
  ['with tokens, a wrong one: the same', [token], { Authorization: 'Bearer guessed' }, 401],
  ['with tokens, a right one, through a proxy: everything', [token], { ...right, ...forwarded }, null],
])('a worker %s', async (_, tokens, headers, refusal) => {
  const { get } = await served(tokens);
  const ready = await get('/readyz', headers);
  expect(ready.status).toBe(503);
  expect(ready.headers.get('Cache-Control')).toBe('no-store');
  const checks = { store: trouble };
  expect(await ready.json()).toEqual(refusal === null ? { ready: false, checks } : { ready: false });
  for (const path of ['/metrics', '/metrics/']) {
    const metrics = await get(path, headers);
    expect(metrics.status).toBe(refusal ?? 200);
    expect((await metrics.text()).includes('ringtrue_things_total')).toBe(refusal === null);
  }
  const alive = await get('/healthz', headers);
  expect([alive.status, await alive.json()]).toEqual([200, { alive: true }]);
});

it('sixty strangers ask a worker whether it is ready: one look', async () => {
  const { get, probes } = await served([token]);
  const answers = await Promise.all(Array.from({ length: 60 }, () => get('/readyz')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  expect(probes()).toBe(1);
});
