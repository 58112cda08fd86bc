import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FurtherAccounts } from '../../activities/accounts/account.js';
import { type LiveAccounts, liveAccounts } from '../../src/config/accounts/liveAccounts.js';
import { rememberAccounts } from '../../src/config/accounts/rememberAccounts.js';
import { apiConfiguration } from '../../src/config/configuration.js';
import { Readiness } from '../../src/process/readiness.js';
import type { CallState } from '../../workflows/callOutcome.js';
import { complete, file } from '../configuration/faultsOf.js';
import { useEndToEndStack } from '../endToEnd/useEndToEndStack.js';
import type { CallHandle } from '../support/callBench.js';

const newSid = () => `AC${randomUUID().replaceAll('-', '')}`;
const fast = { accountSid: newSid(), authToken: 'token-of-fast', from: '+15005550007', cps: 50 };
const slow = { accountSid: newSid(), authToken: 'token-of-slow', from: '+15005550008', cps: 2 };
/** Its requests are made with an API key, as those of a subaccount with its parent's key. */
const keyed = {
  ...{ accountSid: newSid(), authToken: 'token-of-keyed', from: '+15005550009', cps: 50 },
  ...{ apiKey: `SK${'5'.repeat(32)}`, apiSecret: 'secret-of-keyed' },
};
const path = file(JSON.stringify({ fast, slow }));
const write = (content: object) => writeFileSync(path, JSON.stringify(content));

const stopping = new AbortController();
afterAll(() => stopping.abort());
let accounts: LiveAccounts;
/** What a restarted process would have: nothing of accounts that were taken out. */
let isRestarted = false;
const stack = useEndToEndStack({ callbackWaitSeconds: 1, pollIntervalSeconds: 1 }, 10, {
  simulated: [fast, slow, keyed].map(({ accountSid, authToken }) => ({
    ...{ accountSid, authToken, callsPerSecond: 1000 },
    apiKeys: accountSid === keyed.accountSid ? [{ sid: keyed.apiKey, secret: keyed.apiSecret }] : [],
  })),
  accountsAt: async (simulatorUrl, store): Promise<FurtherAccounts> => {
    const local = { TWILIO_BASE_URL: simulatorUrl, RINGTRUE_PUBLIC_URL: 'http://localhost:3000' };
    const { accounts: source } = apiConfiguration({ ...complete, ...local, RINGTRUE_ACCOUNTS: path });
    const log = { info: () => {}, error: () => {} };
    accounts = liveAccounts(source, { log, metrics: new Registry(), secrets: [], checkEveryMs: 50 });
    const readiness = new Readiness();
    void rememberAccounts(accounts, { store, readiness, log, signal: stopping.signal });
    while (accounts.remembered().size < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    return { ...accounts, removed: () => (isRestarted ? new Map() : accounts.removed()) };
  },
});

let number = 100;
/** An ordinary number: it rings and answers. */
const newNumber = () => `+1202555${String(++number).padStart(4, '0')}`;
/** Rings for 20 seconds of the simulator, and is answered then. */
const ringsLong = '+15005558104';
const start = (account: string | undefined, more: Record<string, unknown> = {}) =>
  stack.bench.start({ to: newNumber(), ...(account === undefined ? {} : { account }), ...more });
const send = (method: string, at: string, body?: object) =>
  fetch(`${stack.apiUrl}${at}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const refuseAccount = (sid: string, refusal: number | null) =>
  fetch(`${stack.simulatorUrl}/simulator/accounts/${sid}`, {
    method: 'POST',
    body: JSON.stringify({ refusal }),
  });

interface Simulated {
  accountSid: string;
  to: string;
  from: string;
  createdAt: string;
}
async function simulatedCalls(sid: string): Promise<Simulated[]> {
  const answer = await fetch(`${stack.simulatorUrl}/simulator/calls`);
  const { calls } = (await answer.json()) as { calls: Simulated[] };
  return calls
    .filter(({ accountSid }) => accountSid === sid)
    .sort((x, y) => (x.createdAt < y.createdAt ? -1 : 1));
}

const isWaiting = (what: RegExp) => (state: CallState) =>
  state.state === 'waiting' && what.test(state.waitingFor ?? '');

beforeEach(async () => {
  await refuseAccount(slow.accountSid, null);
  await send('POST', '/dialing/resume', { account: 'slow' });
});

it('each account: places its calls with its credentials, its caller ID and its rate', async () => {
  const begun = Date.now();
  const calls = await Promise.all(['slow', 'slow', 'slow', 'fast', undefined].map((name) => start(name)));
  const outcomes = await Promise.all(calls.map((call) => call.result()));
  expect(outcomes.map(({ outcome, account, from }) => [outcome, account, from])).toEqual([
    ...Array(3).fill(['answered', 'slow', slow.from]),
    ['answered', 'fast', fast.from],
    ['answered', undefined, '+15005550006'],
  ]);
  // Lookup was asked with the credentials of the account too.
  for (const { lookup } of outcomes) expect(lookup).toMatchObject({ answered: true, valid: true });
  const times = (await simulatedCalls(slow.accountSid)).map(({ createdAt }) => Date.parse(createdAt));
  expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThan(900);
  const [onFast] = await simulatedCalls(fast.accountSid);
  expect(Date.parse((onFast as Simulated).createdAt) - begun).toBeLessThan(5_000);
});

it('one account is suspended: its calls wait and say so, those of the other go on at full rate', async () => {
  await refuseAccount(slow.accountSid, 20003);
  const stuck = await Promise.all(Array.from({ length: 5 }, () => start('slow')));
  await Promise.all(stuck.map((call) => call.until(isWaiting(/circuit breaker|account to be fixed/))));
  expect(stack.bench.events).toContainEqual(
    expect.objectContaining({ kind: 'account-trouble', code: 20003, account: 'slow' }),
  );
  const begun = Date.now();
  const free = await Promise.all(Array.from({ length: 20 }, () => start('fast')));
  const outcomes = await Promise.all(free.map((call) => call.result()));
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['answered']));
  expect(Date.now() - begun).toBeLessThan(20_000);
  const dialing = (await (await send('GET', '/dialing')).json()) as Record<string, never>;
  expect(dialing).toMatchObject({
    breaker: { state: 'closed' },
    accounts: {
      fast: { accountSid: fast.accountSid, breaker: { state: 'closed' } },
      slow: { accountSid: slow.accountSid, breaker: { reason: expect.stringContaining('20003') } },
    },
  });
  await refuseAccount(slow.accountSid, null);
  await send('POST', '/dialing/resume', { account: 'slow' });
  for (const call of stuck) expect((await call.result()).outcome).toBe('answered');
});

it('an operator pauses one account and sets its limits: the other accounts are not touched', async () => {
  expect((await send('POST', '/dialing/pause', { account: 'slow', reason: 'audit' })).status).toBe(200);
  const paused = await start('slow');
  await paused.until(isWaiting(/paused it \(audit\)/));
  expect((await (await start('fast')).result()).outcome).toBe('answered');
  const limited = await send('PATCH', '/dialing/limits', { account: 'slow', callsPerSecond: 20 });
  expect(await limited.json()).toMatchObject({
    ...{ paused: null, limits: { callsPerSecond: null } },
    accounts: {
      slow: { limits: { callsPerSecond: 20 } },
      fast: { paused: null },
    },
  });
  const unknown = await send('POST', '/dialing/pause', { account: 'nobody' });
  expect([unknown.status, ((await unknown.json()) as { faults: object[] }).faults]).toEqual([
    422,
    [
      {
        path: 'account',
        message: 'is "nobody", but no Twilio account has that name; must be left out, or one of: fast, slow',
      },
    ],
  ]);
  await send('POST', '/dialing/resume', { account: 'slow' });
  expect((await paused.result()).outcome).toBe('answered');
});

it('a request names an account that nobody has: 422, and the workflow fails', async () => {
  const refused = await send('POST', '/calls', { to: newNumber(), twiml: '<Response/>', account: 'nobody' });
  expect(refused.status).toBe(422);
  const message =
    'is "nobody", but no Twilio account has that name; must be one of fast, slow, or left out for the main account';
  expect(((await refused.json()) as { faults: object[] }).faults).toEqual([{ path: 'account', message }]);
  const batch = await send('POST', '/batches', {
    defaults: { twiml: '<Response/>', from: '+15005550006' },
    calls: [
      { to: newNumber(), account: 'fast' },
      { to: newNumber(), account: 'nobody' },
    ],
  });
  expect(((await batch.json()) as { faults: object[] }).faults).toMatchObject([
    { row: 2, path: 'account', message },
  ]);
  await expect((await start('nobody')).result()).rejects.toMatchObject({
    cause: { type: 'InvalidCallRequest' },
  });
  const dryRun = await send('POST', '/calls?dryRun=true', {
    to: newNumber(),
    twiml: '<Response/>',
    account: 'slow',
  });
  expect(((await dryRun.json()) as { request: object }).request).toMatchObject({
    account: 'slow',
    from: slow.from,
  });
});

describe('a status callback', () => {
  /** A call that rings. */
  async function placed(account: string | undefined): Promise<{ call: CallHandle; sid: string }> {
    const call = await start(account, { to: ringsLong });
    const { attempts } = await call.until(({ attempts: [first] }) => first?.callSid != null);
    return { call, sid: attempts[0]?.callSid as string };
  }

  async function post({ callId }: CallHandle, parameters: Record<string, string>, token: string) {
    const url = `${stack.apiUrl}/twilio/status/${callId}/1`;
    const signature = getExpectedTwilioSignature(token, url, parameters);
    const headers = { 'X-Twilio-Signature': signature };
    return (await fetch(url, { method: 'POST', headers, body: new URLSearchParams(parameters) })).status;
  }

  it("signed with another account's token: 403, whichever account it names; with its own: 204", async () => {
    const { call, sid } = await placed('fast');
    const update = (AccountSid: string) => ({ CallSid: sid, CallStatus: 'ringing', AccountSid });
    expect(await post(call, update(slow.accountSid), slow.authToken)).toBe(403);
    expect(await post(call, update(fast.accountSid), slow.authToken)).toBe(403);
    expect(await post(call, update(`AC${'0'.repeat(32)}`), '0'.repeat(32))).toBe(403);
    expect(await post(call, update(fast.accountSid), fast.authToken)).toBe(204);
    const main = await placed(undefined);
    expect(await post(main.call, { ...update(slow.accountSid), CallSid: main.sid }, slow.authToken)).toBe(
      403,
    );
    await Promise.all([call.result(), main.call.result()]);
  });

  it('passed on before the journal could tell whose it is: the workflow ignores that of another account', async () => {
    const call = await start('fast', { notBefore: new Date(Date.now() + 3_600_000).toISOString() });
    await call.until(({ state }) => state === 'waiting');
    await call.handle.executeUpdate('pause', { args: [{}] }).catch(() => {});
    const params = { CallSid: `CA${'1'.repeat(32)}`, CallStatus: 'completed' };
    await call.handle.signal('twilioStatus', { attempt: 1, params, account: slow.accountSid });
    await call.handle.signal('twilioStatus', { attempt: 1, params, account: null });
    await call.handle.executeUpdate('resume', { args: [{}] }).catch(() => {});
    await call.handle.executeUpdate('reschedule', { args: [{ at: new Date().toISOString() }] });
    const { outcome, attempts } = await call.result();
    expect([outcome, attempts[0]?.callSid === params.CallSid]).toEqual(['answered', false]);
  });
});

describe('the file changes while calls run', () => {
  it('a new account with an API key: requests may name it, and workers serve it', async () => {
    write({ fast, slow, keyed });
    await expect.poll(() => accounts.configured().size, { timeout: 10_000 }).toBe(3);
    await expect.poll(() => accounts.remembered().has(keyed.accountSid), { timeout: 10_000 }).toBe(true);
    const outcome = await stack.call({ to: newNumber(), account: 'keyed' });
    expect(outcome).toMatchObject({ outcome: 'answered', account: 'keyed', from: keyed.from });
    expect((await simulatedCalls(keyed.accountSid)).length).toBe(1);
  });

  it('an account is taken out: what is placed is followed, what waits says so, and goes on when it returns', async () => {
    const placed = await start('slow', { to: ringsLong });
    await placed.until(({ attempts: [first] }) => first?.callSid != null);
    const waiting = await start('slow', { notBefore: new Date(Date.now() + 2_000).toISOString() });
    write({ fast, keyed });
    await expect.poll(() => accounts.configured().has('slow'), { timeout: 10_000 }).toBe(false);
    expect((await placed.result()).outcome).toBe('answered');
    const state = await waiting.until(isWaiting(/account "slow" is not configured/));
    expect(state.account).toBe('slow');
    const refused = await send('POST', '/calls', { to: newNumber(), twiml: '<Response/>', account: 'slow' });
    expect(refused.status).toBe(422);
    write({ fast, slow, keyed });
    expect((await waiting.result()).outcome).toBe('answered');
  });

  it('a process starts without the account of a call that rings: its callbacks are to be sent again, and polling says why it waits', async () => {
    const call = await start('keyed', { to: ringsLong });
    const { attempts } = await call.until(({ attempts: [first] }) => first?.callSid != null);
    isRestarted = true;
    write({ fast, slow });
    await expect.poll(() => accounts.configured().has('keyed'), { timeout: 10_000 }).toBe(false);
    const url = `${stack.apiUrl}/twilio/status/${call.callId}/1`;
    const parameters = {
      CallSid: attempts[0]?.callSid as string,
      CallStatus: 'ringing',
      AccountSid: keyed.accountSid,
    };
    const headers = { 'X-Twilio-Signature': getExpectedTwilioSignature(keyed.authToken, url, parameters) };
    const answer = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(parameters) });
    expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([
      503,
      'urn:ringtrue:problem:account-unavailable',
    ]);
    await call.until(({ waitingFor }) => /account "keyed" is not configured/.test(waitingFor ?? ''));
    write({ fast, slow, keyed });
    expect((await call.result()).outcome).toBe('answered');
  });
});
