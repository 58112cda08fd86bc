import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { DialingStop } from '../../activities/store/placements/dialLimits.js';
import { Readiness } from '../../src/process/readiness.js';
import { activityListener, watchDialing } from '../../src/worker/workerMetrics.js';

function listener() {
  const lines: string[] = [];
  const out = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  const log = pino(out);
  const registry = new Registry();
  const readiness = new Readiness();
  return { notice: activityListener(registry, readiness, log), registry, readiness, lines };
}

it('Twilio refuses the account: not ready, in words, and said once; when it is mended: ready again', async () => {
  const { notice: emit, registry, readiness, lines } = listener();
  expect(await readiness.check()).toEqual({ ready: true, checks: { twilioAccount: 'ok' } });
  for (const _ of [1, 2, 3]) emit({ kind: 'account-trouble', code: 20003, message: 'Authenticate' });
  const message = 'Twilio refuses the account (20003): Authenticate';
  expect(await readiness.check()).toEqual({ ready: false, checks: { twilioAccount: message } });
  expect(await registry.metrics()).toContain('ringtrue_account_trouble 1');
  for (const _ of [1, 2]) emit({ kind: 'account-ok' });
  expect((await readiness.check()).ready).toBe(true);
  expect(await registry.metrics()).toContain('ringtrue_account_trouble 0');
  expect(lines).toHaveLength(2);
});

it('calls are dialed and recorded: counted by how they ended', async () => {
  const { notice: emit, registry } = listener();
  emit({ kind: 'placement', result: 'created' });
  emit({ kind: 'placement', result: 'created' });
  emit({ kind: 'recorded', outcome: 'busy', decidedBy: 'webhook' });
  const metrics = await registry.metrics();
  expect(metrics).toContain('ringtrue_placements_total{result="created"} 2');
  expect(metrics).toContain('ringtrue_outcomes_total{outcome="busy",decided_by="webhook"} 1');
});

it('notifications are taken, not taken, given up: counted, and the last said by id and host alone', async () => {
  const { notice: emit, registry, lines } = listener();
  emit({ kind: 'notified', type: 'call.ended', result: 'delivered' });
  emit({ kind: 'notified', type: 'call.ended', result: 'failed' });
  emit({ kind: 'dead-letter', type: 'call.ended', id: 'msg_1', host: 'hooks.example' });
  const metrics = await registry.metrics();
  expect(metrics).toContain('ringtrue_notifications_total{type="call.ended",result="delivered"} 1');
  expect(metrics).toContain('ringtrue_notifications_total{type="call.ended",result="failed"} 1');
  expect(metrics).toContain('ringtrue_dead_letters_total{type="call.ended"} 1');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, deadLetter: 'msg_1', host: 'hooks.example' },
  ]);
});

it('the circuit breaker opens: said once, not ready and why, counted as stopped; it closes: ready again', async () => {
  const { notice: emit, registry, readiness, lines } = listener();
  let stopped: DialingStop | null = null;
  watchDialing(registry, readiness, async () =>
    stopped ? { stopped, available: null, waitSeconds: 0 } : { stopped: null, available: 1, waitSeconds: 0 },
  );
  expect((await readiness.check()).ready).toBe(true);
  const reason = '10 of the last 10 calls could not be placed; the last: 20003 Authenticate';
  emit({ kind: 'breaker', change: 'opened', reason });
  stopped = { by: 'breaker', reason, isTesting: false };
  expect(lines[0]).toContain(reason);
  expect((await readiness.check()).checks.dialing).toBe(`The circuit breaker is open: ${reason}`);
  expect(await registry.metrics()).toContain('ringtrue_dialing_stopped{why="breaker"} 1');
  stopped = { by: 'paused', reason: 'a fire drill', isTesting: false };
  expect((await readiness.check()).ready).toBe(true);
  expect(await registry.metrics()).toContain('ringtrue_dialing_stopped{why="paused"} 1');
  emit({ kind: 'breaker', change: 'closed' });
  stopped = null;
  expect(await registry.metrics()).toMatch(/stopped\{why="paused"\} 0\n.*stopped\{why="breaker"\} 0/);
  expect(lines).toHaveLength(2);
});

it('a part answers too late, throws, or is reported as failing: not ready, and said which', async () => {
  const readiness = new Readiness();
  readiness.probe('well', async () => {});
  readiness.probe('failing', () => Promise.reject(new Error('is down')));
  readiness.probe('silent', () => new Promise(() => {}));
  readiness.report('reported', 'is starting');
  expect(await readiness.check()).toEqual({
    ready: false,
    checks: { failing: 'is down', reported: 'is starting', silent: 'gave no answer within 3 s', well: 'ok' },
  });
});
