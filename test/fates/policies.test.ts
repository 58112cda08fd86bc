import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { livePolicies } from '../../src/config/livePolicies.js';
import { readPolicies } from '../../src/config/policies.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import { useApi } from '../api/useApi.js';
import { type CallHandle, callHandle } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { useCallBench } from '../support/useCallBench.js';

const file = join(mkdtempSync(join(tmpdir(), 'ringtrue-fates-')), 'policies.json');
const write = (policies: Record<string, unknown>) => {
  writeFileSync(`${file}.new`, JSON.stringify(policies));
  renameSync(`${file}.new`, file);
};
write({ mine: { maxAttempts: 2, initialIntervalSeconds: 3600 } });

function live(): () => Record<string, RetryPolicy> {
  const read = readPolicies(file);
  if ('faults' in read) throw new Error(read.faults.join());
  const log = { info: () => {}, error: () => {} };
  return livePolicies(
    { path: file, atStart: read.policies },
    { log, metrics: new Registry(), checkEveryMs: 0 },
  );
}

const context = useCallBench({ policies: live() });
let known: Record<string, RetryPolicy> = {};
const api = useApi(context, () => ({ policies: () => ({ ...context.bench.settings.policies(), ...known }) }));

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

const anHour = { maxAttempts: 3, initialIntervalSeconds: 3600 };
const toMachine = { AnsweredBy: 'machine_start', SequenceNumber: '3' };

describe('answered by a machine', () => {
  const retry = { ...anHour, retryOn: ['no-answer', 'answered-by-machine'] };

  it('the policy names it: dials again, until a person answers', async () => {
    const call = await context.bench.start({ to: context.to, machineDetection: 'enable', retry });
    await call.callback(1, await placed(call), 'completed', toMachine);
    const waiting = await call.until((s) => s.state === 'waiting-to-retry');
    expect(waiting.waitingFor).toMatch(/^attempt 2 of 3 after answered-by-machine, due /);
    await fastForward(context.bench.client, call.callId, 3600);
    const second = await placed(call, 2);
    await call.callback(2, second, 'completed', { AnsweredBy: 'human', SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      answeredBy: 'human',
      callSid: second,
      attempts: [
        { outcome: 'answered', answeredBy: 'machine' },
        { outcome: 'answered', answeredBy: 'human' },
      ],
    });
  });

  it('the policy does not name it: the call is over', async () => {
    const call = await context.bench.start({ to: context.to, machineDetection: 'enable', retry: anHour });
    await call.callback(1, await placed(call), 'completed', toMachine);
    expect(await call.result()).toMatchObject({ outcome: 'answered', answeredBy: 'machine', attempts: [{}] });
  });

  it('canceled while it waits to try again: it was answered', async () => {
    const call = await context.bench.start({ to: context.to, machineDetection: 'enable', retry });
    await call.callback(1, await placed(call), 'completed', toMachine);
    await call.until((s) => s.state === 'waiting-to-retry');
    await call.handle.executeUpdate('cancel', { args: [{}] });
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      answeredBy: 'machine',
      decidedBy: 'webhook',
      reachability: 'reachable',
    });
  });

  it('giveUpAt cuts the next attempt off: it was answered', async () => {
    const call = await context.bench.start({
      to: context.to,
      machineDetection: 'enable',
      retry,
      giveUpAt: new Date(Date.now() + 60_000).toISOString(),
    });
    await call.callback(1, await placed(call), 'completed', toMachine);
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'webhook', attempts: [{}] });
  });
});

describe('SIP and error codes', () => {
  it('the error code has waits of its own: dialed again at once, the outcome alone would wait an hour', async () => {
    const call = await context.bench.start({
      to: context.to,
      retry: { ...anHour, intervals: { 'error:32005': [0] } },
    });
    await call.callback(1, await placed(call), 'failed', { ErrorCode: '32005', SipResponseCode: '408' });
    await call.callback(2, await placed(call, 2), 'completed');
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ outcome: 'failed', errorCode: 32005, sipResponseCode: 408 }, { outcome: 'answered' }],
    });
  });

  it.each([
    ['sip:480 is named', ['sip:480'], 2],
    ['unreachable is named', ['unreachable'], 2],
    ['only another SIP code is named', ['sip:503'], 1],
  ])('switched off, %s', async (_, retryOn, attempts) => {
    const retry = { maxAttempts: 2, retryOn, initialIntervalSeconds: 0 };
    const call = await context.bench.start({ to: context.to, retry });
    for (let attempt = 1; attempt <= attempts; attempt++)
      await call.callback(attempt, await placed(call, attempt), 'failed', { SipResponseCode: '480' });
    const outcome = await call.result();
    expect(outcome).toMatchObject({ outcome: 'no-answer', reachability: 'unreachable' });
    expect(outcome.attempts).toHaveLength(attempts);
  });

  it.each([
    ['declined, and the policy never dials again after that', 'busy', '486', { neverOn: ['sip:486'] }],
    ['unwanted, whatever the policy says', 'failed', '607', {}],
  ])('a late callback says %s: the call that waited is over', async (_, status, SipResponseCode, more) => {
    const call = await context.bench.start({ to: context.to, retry: { ...anHour, ...more } });
    const sid = await placed(call);
    await call.callback(1, sid, status, { SequenceNumber: '2', ErrorCode: '32009' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await call.callback(1, sid, status, { SequenceNumber: '2', ErrorCode: '32009', SipResponseCode });
    expect(await call.result()).toMatchObject({
      outcome: status,
      sipResponseCode: Number(SipResponseCode),
      attempts: [{ sipResponseCode: Number(SipResponseCode) }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('the whole call', () => {
  it('the policy gives up before the next attempt would begin: the last outcome stays', async () => {
    const call = await context.bench.start({ to: context.to, retry: { ...anHour, giveUpAfterSeconds: 600 } });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', attempts: [{ number: 1 }] });
  });

  it('jitter: each wait is drawn by the call itself, within its bounds', async () => {
    const call = await context.bench.start({ to: context.to, retry: { ...anHour, jitter: 0.5 } });
    for (const attempt of [1, 2]) {
      await call.callback(attempt, await placed(call, attempt), 'busy', { SequenceNumber: '2' });
      const { attempts, nextAttemptAt } = await call.until((s) => s.state === 'waiting-to-retry');
      expect(attempts).toHaveLength(attempt);
      const wait = Date.parse(nextAttemptAt as string) - Date.now();
      expect(wait).toBeGreaterThan(1_700_000);
      expect(wait).toBeLessThanOrEqual(3_600_000);
      await call.handle.executeUpdate('retryNow', { args: [{}] });
    }
    await call.callback(3, await placed(call, 3), 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  });
});

describe('the file of policies', () => {
  const post = async (retry?: string): Promise<CallHandle> => {
    const answer = await api.post('/calls', {
      to: context.to,
      twiml: '<Response/>',
      ...(retry ? { retry } : {}),
    });
    expect(answer.status).toBe(202);
    return callHandle(context.bench.client, answer.json.callId);
  };
  const waits = (call: CallHandle) => call.until((s) => s.state === 'waiting-to-retry');

  it('it changes: a running call keeps its policy, a new one has the new', async () => {
    const running = await post('mine');
    await placed(running);
    write({ mine: { maxAttempts: 5, initialIntervalSeconds: 60 } });
    const later = await post('mine');
    for (const call of [running, later])
      await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    expect((await waits(running)).waitingFor).toContain('attempt 2 of 2');
    expect((await waits(later)).waitingFor).toContain('attempt 2 of 5');
    for (const call of [running, later]) await call.handle.executeUpdate('cancel', { args: [{}] });
  });

  it('another program starts a call: the policy that the worker has now', async () => {
    write({ mine: { maxAttempts: 7, initialIntervalSeconds: 60 } });
    const call = await context.bench.start({ to: context.to, retry: 'mine' });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    expect((await waits(call)).waitingFor).toContain('attempt 2 of 7');
    await call.handle.executeUpdate('cancel', { args: [{}] });
  });

  it('the API has read it, the worker has not yet: the call has the policy that the API took it with', async () => {
    const newest = { ...(context.bench.settings.policies().standard as RetryPolicy), maxAttempts: 9 };
    known = { newest, default: newest };
    for (const name of ['newest', undefined]) {
      const call = await post(name);
      await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
      expect((await waits(call)).waitingFor).toContain('attempt 2 of 9');
      await call.handle.executeUpdate('cancel', { args: [{}] });
    }
    known = {};
  });
});
