import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { noFurtherAccounts } from '../../activities/accounts/account.js';
import type { DialingStop } from '../../activities/store/placements/dialLimits.js';
import { Readiness } from '../../src/process/readiness.js';
import { activityListener, watchDialing } from '../../src/worker/workerMetrics.js';

/** Readiness asks its probes once a second. */
const checksSharedForMs = 1_050;

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
  return { emit: activityListener(registry, readiness, log), registry, readiness, lines };
}

it('Twilio refuses the account: not ready, and logged once; Twilio accepts it again: ready', async () => {
  const { emit, registry, readiness, lines } = listener();
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

it('nothing has happened yet: every counter is there, and is 0', async () => {
  const metrics = await listener().registry.metrics();
  for (const series of [
    'ringtrue_placements_total{result="not-yet",by="breaker"}',
    'ringtrue_placements_total{result="unclear",by=""}',
    'ringtrue_outcomes_total{outcome="unknown",decided_by="poll"}',
    'ringtrue_notifications_total{type="attempt.ended",result="gone"}',
    'ringtrue_dead_letters_total{type="call.ended"}',
    'ringtrue_duplicate_calls_total',
    'ringtrue_calls_without_outcome_total{status="missing"}',
  ])
    expect(metrics).toContain(`${series} 0`);
});

it('Twilio refuses reads: not ready, and logged once; a read works: ready', async () => {
  const { emit, registry, readiness, lines } = listener();
  for (const _ of [1, 2, 3]) emit({ kind: 'reads-refused', code: 20008, message: 'Test credentials' });
  const message =
    'Twilio does not let this account read its calls (20008): Test credentials. These are test credentials: no phone rings';
  expect(await readiness.check()).toMatchObject({ ready: false, checks: { twilioReads: message } });
  expect(await registry.metrics()).toContain('ringtrue_twilio_reads_refused 1');
  for (const _ of [1, 2]) emit({ kind: 'reads-ok' });
  expect(await readiness.check()).toMatchObject({ ready: true, checks: { twilioReads: 'ok' } });
  expect(await registry.metrics()).toContain('ringtrue_twilio_reads_refused 0');
  expect(lines).toHaveLength(2);
});

it('Lookup gives no answer: counted each time, and logged once', async () => {
  const { emit, registry, lines } = listener();
  emit({ kind: 'lookup', result: 'answered', why: null });
  for (const _ of [1, 2]) emit({ kind: 'lookup', result: 'refused', why: 'Twilio answered 404 (20404)' });
  const metrics = await registry.metrics();
  expect(metrics).toContain('ringtrue_lookups_total{result="answered"} 1');
  expect(metrics).toContain('ringtrue_lookups_total{result="refused"} 2');
  expect(metrics).toContain('ringtrue_lookups_total{result="skipped"} 0');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('Lookup gives no answer (Twilio answered 404 (20404))');
});

it('a second Twilio call of one attempt: counted, and logged as an error', async () => {
  const { emit, registry, lines } = listener();
  expect(await registry.metrics()).toContain('ringtrue_duplicate_calls_total 0');
  const ids = { callId: 'call-1', attempt: 1, callSid: 'CA1', duplicateSid: 'CA2' };
  emit({ kind: 'duplicate-call', ...ids });
  expect(await registry.metrics()).toContain('ringtrue_duplicate_calls_total 1');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 50, ...ids }]);
});

it('placements and outcomes: counted by result and by what hinders or forbids them', async () => {
  const { emit, registry } = listener();
  for (const _ of [1, 2]) emit({ kind: 'placement', result: 'created', by: '' });
  emit({ kind: 'placement', result: 'not-yet', by: 'rate-limit' });
  emit({ kind: 'placement', result: 'forbidden', by: 'do-not-call' });
  emit({
    ...{ kind: 'recorded', outcome: 'busy', decidedBy: 'webhook' },
    ...{ secondsToPlacement: 2, secondsToOutcome: 40 },
  });
  const metrics = await registry.metrics();
  expect(metrics).toContain('ringtrue_placements_total{result="created",by=""} 2');
  expect(metrics).toContain('ringtrue_placements_total{result="not-yet",by="rate-limit"} 1');
  expect(metrics).toContain('ringtrue_placements_total{result="forbidden",by="do-not-call"} 1');
  expect(metrics).toContain('ringtrue_outcomes_total{outcome="busy",decided_by="webhook"} 1');
  expect(metrics).toContain('ringtrue_placement_seconds_bucket{le="5"} 1');
  expect(metrics).toContain('ringtrue_outcome_seconds_sum 40');
});

it('a second Twilio call of one attempt: counted', async () => {
  const { emit, registry } = listener();
  emit({ kind: 'duplicate-call', callId: 'call-1', attempt: 1, callSid: 'CA1', duplicateSid: 'CA2' });
  expect(await registry.metrics()).toContain('ringtrue_duplicate_calls_total 1');
});

it('notifications are delivered, fail or become dead letters: counted; a dead letter is logged without its content', async () => {
  const { emit, registry, lines } = listener();
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

it('the circuit breaker opens: logged once, not ready, counted as stopped; it closes: ready', async () => {
  const { emit, registry, readiness, lines } = listener();
  let stopped: DialingStop | null = null;
  let heldBecause: string | null = null;
  const twilio = { accountSid: 'AC1', username: 'AC1', password: 'token', baseUrl: null };
  const limits = { defaultFrom: null, callsPerSecond: 1, callsInFlight: null };
  watchDialing(registry, readiness, { twilio, ...limits, accounts: noFurtherAccounts }, async () =>
    stopped
      ? { stopped, available: null, waitSeconds: 0 }
      : { stopped: null, heldBecause, available: 1, waitSeconds: 0 },
  );
  expect((await readiness.check()).ready).toBe(true);
  const reason = '10 of the last 10 calls could not be placed; the last: 20003 Authenticate';
  emit({ kind: 'breaker', change: 'opened', reason, prefixes: null });
  stopped = { by: 'breaker', reason, isTesting: false };
  await pause(checksSharedForMs);
  expect(lines[0]).toContain(reason);
  expect((await readiness.check()).checks.dialing).toBe(`The circuit breaker is open: ${reason}`);
  expect(await registry.metrics()).toContain('ringtrue_dialing_stopped{why="breaker"} 1');
  stopped = { by: 'paused', reason: 'a fire drill', isTesting: false };
  await pause(checksSharedForMs);
  expect((await readiness.check()).ready).toBe(true);
  expect(await registry.metrics()).toContain('ringtrue_dialing_stopped{why="paused"} 1');
  emit({ kind: 'breaker', change: 'closed' });
  stopped = null;
  await pause(checksSharedForMs);
  expect(await registry.metrics()).toMatch(/stopped\{why="paused"\} 0\n.*stopped\{why="breaker"\} 0/);
  expect(lines).toHaveLength(2);
  heldBecause = 'Twilio refused the last 5 calls to +49 with the same code: 21215';
  await pause(checksSharedForMs);
  expect((await readiness.check()).checks.dialing).toBe(`The circuit breaker is open: ${heldBecause}`);
  expect(await registry.metrics()).toContain('ringtrue_dialing_stopped{why="breaker-country"} 1');
});

it('a part answers too late, throws, or is reported as failing: not ready, and each part is named', async () => {
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

it('a part is only noted: the note is shown, and the process is ready', async () => {
  const readiness = new Readiness();
  readiness.note('twilioAccount', 'not asked yet');
  expect(await readiness.check()).toEqual({ ready: true, checks: { twilioAccount: 'not asked yet' } });
  readiness.report('twilioAccount', 'is refused');
  expect(await readiness.check()).toEqual({ ready: false, checks: { twilioAccount: 'is refused' } });
});

it('the workflow of a call ended without an outcome: counted, and logged with what Temporal knows', async () => {
  const { emit, registry, lines } = listener();
  const how = { callId: 'call-1', status: 'terminated', at: null, reason: 'by hand' } as const;
  emit({ kind: 'workflow-ended', ...how });
  expect(await registry.metrics()).toContain('ringtrue_calls_without_outcome_total{status="terminated"} 1');
  const { reason, ...known } = how;
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ level: 40, ...known })]);
  // Somebody's own text may name a number or a person.
  expect(lines.join()).not.toContain(reason);
});
